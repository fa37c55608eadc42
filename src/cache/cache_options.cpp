#include "cache/cache_options.h"

#include <string_view>

namespace liquid::cache {
namespace {

// Eight of the largest answers that may be stored must fit; less than this holds no real answer.
constexpr std::size_t kLeastBytes = std::size_t{64} << 10;
// A century: beyond it the nanosecond clock comes near its end.
constexpr std::chrono::milliseconds kLongestTtl = std::chrono::hours(100 * 366 * 24);

Error invalid(std::string_view option, std::string_view value, std::string_view expected) {
  std::string message(option);
  message.append(" is ").append(value).append("; expected ").append(expected);
  return {ErrorCode::invalid_argument, std::move(message)};
}

Result<void> check_ttl(std::string_view option, std::chrono::milliseconds ttl) {
  if (ttl > std::chrono::milliseconds::zero() && ttl <= kLongestTtl) return {};
  return invalid(option, std::to_string(ttl.count()) + " ms", "1 ms to 100 years");
}

Result<void> check_limits(std::string_view option, const StoreLimits& limits) {
  const std::string name(option);
  if (limits.max_items == 0) return invalid(name + ".max_items", "0", "1 or more");
  if (limits.max_bytes < kLeastBytes) {
    return invalid(name + ".max_bytes", std::to_string(limits.max_bytes), "65536 or more");
  }
  return {};
}

Result<void> check_route(const std::string& path, const RouteOptions& route) {
  if (!path.starts_with('/')) return invalid("cache route", "\"" + path + "\"", "a path with /");
  if (route.ttl) {
    if (auto checked = check_ttl("cache ttl of " + path, *route.ttl); !checked) return checked;
  }
  return route.store ? check_limits("cache store of " + path, *route.store) : Result<void>();
}

}  // namespace

Result<void> validate(const CacheOptions& options) {
  if (auto checked = check_ttl("cache ttl", options.ttl); !checked) return checked;
  if (auto checked = check_limits("cache store", options.store); !checked) return checked;
  if (options.max_waiters == 0) return invalid("cache max_waiters", "0", "1 or more");
  if (options.sweep_interval < std::chrono::milliseconds::zero()) {
    return invalid("cache sweep_interval", std::to_string(options.sweep_interval.count()) + " ms",
                   "0 or more");
  }
  for (const auto& [path, route] : options.routes) {
    if (auto checked = check_route(path, route); !checked) return checked;
  }
  return {};
}

std::optional<EvictionPolicy> parse_eviction_policy(std::string_view text) {
  if (text == "sieve") return EvictionPolicy::sieve;
  if (text == "lru") return EvictionPolicy::lru;
  return std::nullopt;
}

std::string_view eviction_policy_name(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::sieve: return "sieve";
    case EvictionPolicy::lru: return "lru";
  }
  return "sieve";
}

}  // namespace liquid::cache
