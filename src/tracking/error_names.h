#pragma once

#include <string_view>

#include "base/result.h"

// How MLflow names errors in answers ({"error_code": "…", "message": "…"}) and which HTTP status
// goes with them. One table, read both ways.

namespace liquid::tracking {

/// What a server says for an error of ours.
struct ErrorName {
  std::string_view name;
  int http_status;
};
ErrorName error_name(ErrorCode code);

/// What a client makes of an answer's `error_code`; of its status alone when the name is unknown or
/// absent. `unsupported` is an endpoint that the server does not have: the caller may fall back.
ErrorCode error_code_from(std::string_view name, int http_status);

}  // namespace liquid::tracking
