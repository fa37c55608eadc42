#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid::tracking {

/// Base64 of {"offset": N}, as MLflow makes it, so that a token of either works with the other.
std::string token_of_offset(std::int64_t offset);

/// 0 for no token. Errors: invalid_argument.
Result<std::int64_t> offset_of_token(std::string_view token);

}  // namespace liquid::tracking
