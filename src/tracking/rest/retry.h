#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "tracking/settings.h"

// When and how long MLflow's client waits before it repeats a request.

namespace liquid::tracking::rest {

/// 408, 429, 500, 502, 503, 504.
bool is_transient(int http_status);

/// Before repetition `attempt` (from 1): nothing before the first, then the back-off factor doubled
/// each time, plus `random` (in [0, 1)) times the jitter; two minutes at most.
std::chrono::milliseconds backoff(const ServerAccess& access, int attempt, double random);

/// What a Retry-After header asks for: seconds ("3") or a date ("Tue, 24 Nov 2026 08:49:37 GMT");
/// zero for dates that have passed, never more than six hours. Nothing for other texts.
std::optional<std::chrono::milliseconds> retry_after(std::string_view value, WallTime now);

}  // namespace liquid::tracking::rest
