#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"

namespace liquid::cli {

/// A call of a running server.
struct ServerCall {
  std::string method = "GET";
  std::string server;  ///< e.g. "http://127.0.0.1:8000"
  std::string path;
  std::string body;
  std::string api_key;
  std::string admin_key;
};

/// The answer when its status is 2xx. Errors: as http::Client, and for another status the server's
/// own words with the code that fits.
Result<http::ClientResponse> call_server(const ServerCall& call);

/// What `{"detail": …}` of an error says, in one line; the status alone when it says nothing.
std::string refusal_text(int status, std::string_view body);

inline constexpr const char* kDefaultServer = "http://127.0.0.1:8000";

}  // namespace liquid::cli
