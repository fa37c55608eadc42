#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"

namespace liquid::tracking::rest {

/// True when the answer says that a repetition cannot help although its status is a transient one:
/// MLflow sends INVALID_STATE, for example, with status 500.
bool is_permanent(const http::ClientResponse& response);

/// The error an answer other than 200 and 204 stands for. `what` names the request ("POST
/// http://…"). MLflow's envelope gives its own message; anything else (a proxy's page, plain text)
/// is quoted shortly, so that the user sees who answered.
Error server_error(std::string_view what, const http::ClientResponse& response);

/// True for an answer that looks like a web page.
bool is_web_page(const http::ClientResponse& response);

/// The start of a body on one line, fit for a message.
std::string excerpt(std::string_view body);

}  // namespace liquid::tracking::rest
