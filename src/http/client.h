#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace liquid::http {

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds total_timeout{60'000};
  std::size_t max_response_bytes = std::size_t{64} * 1024 * 1024;
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  std::string body;

  std::string_view header(std::string_view lower_case_name) const;
};

/// A blocking HTTP client over libcurl; keeps connections alive between calls. Calls from several
/// threads are safe and run side by side, each on a connection of its own.
class Client {
 public:
  Client();
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any HTTP status is a success here. Errors: deadline_exceeded, unavailable (cannot connect, cut
  /// off), invalid_argument (URL), resource_exhausted (response too large). Messages name the URL
  /// without its user info.
  Result<ClientResponse> send(const ClientRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace liquid::http
