#include "cli/rate_limit_text.h"

#include <charconv>

namespace liquid::cli {
namespace {

constexpr std::uint32_t kMostRequests = 1'000'000;
constexpr std::uint32_t kMostSeconds = 86'400;

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t greatest) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return {};
  if (value == 0 || value > greatest) return {};
  return value;
}

}  // namespace

bool parse_rate_limit(std::string_view text, std::optional<api::RateLimitOptions>& options) {
  options.reset();
  if (text == "0") return true;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto requests = number(text.substr(0, slash), kMostRequests);
  const auto seconds = number(text.substr(slash + 1), kMostSeconds);
  if (!requests || !seconds) return false;
  options.emplace();
  options->requests = *requests;
  options->period = std::chrono::seconds(*seconds);
  return true;
}

}  // namespace liquid::cli
