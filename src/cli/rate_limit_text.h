#pragma once

#include <optional>
#include <string_view>

#include "api/token_buckets.h"

namespace liquid::cli {

/// "100/60" → 100 requests per 60 seconds; "0" → no limit (empty options). False for anything else.
bool parse_rate_limit(std::string_view text, std::optional<api::RateLimitOptions>& options);

}  // namespace liquid::cli
