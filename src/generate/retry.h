#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace liquid::generate {

struct RetryOptions {
  std::size_t max_attempts = 3;
  std::chrono::milliseconds first_delay{250};  ///< Doubles with every attempt.
  std::chrono::milliseconds max_delay{8'000};
};

/// How long to wait before attempt `attempt` + 1 (attempts count from 1). Without `asked`: half of
/// the doubled delay plus up to as much again, by `random` in [0, 1), so that many clients do not
/// come back together. `asked` is what the other side wants: it is kept to, and where it is longer
/// than `max_delay`, nothing is returned: waiting is not worth it.
std::optional<std::chrono::milliseconds> retry_delay(
    const RetryOptions& options, std::size_t attempt, double random,
    std::optional<std::chrono::milliseconds> asked);

/// The value of a Retry-After header in seconds form ("3"); nothing for dates and nonsense.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value);

}  // namespace liquid::generate
