#include "generate/retry.h"

#include <algorithm>
#include <charconv>

namespace liquid::generate {

std::optional<std::chrono::milliseconds> retry_delay(
    const RetryOptions& options, std::size_t attempt, double random,
    std::optional<std::chrono::milliseconds> asked) {
  if (attempt >= options.max_attempts) return std::nullopt;
  if (asked) {
    if (*asked > options.max_delay) return std::nullopt;
    return asked;
  }
  constexpr std::size_t kMaxDoublings = 20;
  const auto doubled = options.first_delay * (1U << std::min(attempt - 1, kMaxDoublings));
  const double delay = static_cast<double>(std::min(doubled, options.max_delay).count());
  return std::chrono::milliseconds(static_cast<std::int64_t>(delay * (0.5 + 0.5 * random)));
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value) {
  constexpr unsigned kLongest = 24 * 3600;
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  const bool is_number = error == std::errc() && end == value.data() + value.size();
  if (!is_number || value.empty()) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kLongest));
}

}  // namespace liquid::generate
