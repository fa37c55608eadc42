#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// Base64 of {"offset": N}, as MLflow makes it, so that a token of either works with the other.
std::string token_of_offset(std::int64_t offset);

/// 0 for no token. Errors: invalid_argument.
Result<std::int64_t> offset_of_token(std::string_view token);

/// What a token of logged models says besides its offset: which search it belongs to, as members of
/// a JSON object.
std::string token_scope(const LoggedModelQuery& query);
std::string token_of_offset(std::int64_t offset, std::string_view scope);
/// 0 for no token. Errors: invalid_argument, also when the token is that of another search.
Result<std::int64_t> offset_of_token(const LoggedModelQuery& query);

}  // namespace liquid::tracking
