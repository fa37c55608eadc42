#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace liquid::http {

/// How an https server is judged and what is shown to it.
struct TlsChoice {
  bool verify_certificate = true;  ///< No: any certificate and any host name will do.
  std::string ca_file;  ///< PEM file or folder of trusted authorities; empty: the system's.
  std::string client_certificate;  ///< PEM file with our certificate and its key; empty: none.
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds total_timeout{60'000};
  std::size_t max_response_bytes = std::size_t{64} * 1024 * 1024;
  TlsChoice tls;
  std::stop_token stop;  ///< Once asked to stop, the transfer ends within a second: cancelled.
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
  /// off), invalid_argument (URL, TLS files), unauthenticated (the server's certificate),
  /// resource_exhausted (response too large), cancelled. Messages name the URL without its user
  /// info.
  Result<ClientResponse> send(const ClientRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace liquid::http
