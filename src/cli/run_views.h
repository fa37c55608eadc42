#pragma once

#include <string>
#include <vector>

#include "cli/listing.h"
#include "tracking/entities.h"

namespace liquid::cli {

/// One row per run: id, name, status, start, duration, then a column for each of `keys`:
/// "metrics.loss", "params.lr", "tags.team", "attributes.user_id" or the like without
/// "attributes.".
Listing runs_listing(const std::vector<tracking::Run>& runs, const std::vector<std::string>& keys,
                     Digits digits);

/// The keys that an order names, without directions: {"metrics.loss ASC"} → {"metrics.loss"}.
std::vector<std::string> keys_of_order(const std::vector<std::string>& order_by);

/// What a person wants to know of one run.
std::string run_details(const tracking::Run& run);

/// How long the run took, or has been running at `now_ms`.
std::string duration_of(const tracking::RunInfo& run, std::int64_t now_ms);

std::int64_t unix_milliseconds();

}  // namespace liquid::cli
