#include "tracking/rest/retry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace liquid::tracking::rest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kMaxBackoffSeconds = 120;
constexpr seconds kMaxRetryAfter{6 * 3600};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 0) return std::nullopt;
  return value;
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate of RFC 9110, the only form servers may send).
std::optional<std::chrono::sys_seconds> fixed_date(std::string_view text) {
  constexpr std::string_view kShape = "???, ?? ??? ???? ??:??:?? GMT";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] != '?' && kShape[i] != text[i]) return std::nullopt;
  }
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = digits(text.substr(5, 2));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second);
}

}  // namespace

bool is_transient(int http_status) {
  constexpr std::array kTransient{408, 429, 500, 502, 503, 504};
  return std::find(kTransient.begin(), kTransient.end(), http_status) != kTransient.end();
}

milliseconds backoff(const ServerAccess& access, int attempt, double random) {
  if (attempt <= 1) return milliseconds(0);
  const double pause =
      access.backoff_factor * std::ldexp(1.0, attempt - 1) + random * access.backoff_jitter;
  return milliseconds(std::llround(std::clamp(pause, 0.0, kMaxBackoffSeconds) * 1000));
}

std::optional<milliseconds> retry_after(std::string_view value, WallTime now) {
  if (const auto count = digits(value)) return std::min(seconds(*count), kMaxRetryAfter);
  const auto date = fixed_date(value);
  if (!date) return std::nullopt;
  const auto pause = std::chrono::duration_cast<milliseconds>(*date - now);
  return std::clamp(pause, milliseconds(0), milliseconds(kMaxRetryAfter));
}

}  // namespace liquid::tracking::rest
