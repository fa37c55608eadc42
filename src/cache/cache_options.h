#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "cache/key.h"

namespace liquid::cache {

enum class Caching { on, off };

/// Who has to go when the store is full. SIEVE keeps more of what is asked for again and lets a hit
/// do nothing but set a bit; LRU is what people know.
enum class EvictionPolicy { sieve, lru };

/// Bounds of one store; whichever is reached first holds. Neither is ever exceeded.
struct StoreLimits {
  std::size_t max_items = 1000;
  std::size_t max_bytes = std::size_t{64} << 20;  ///< Keys, bodies, headers and bookkeeping.
  EvictionPolicy policy = EvictionPolicy::sieve;

  bool operator==(const StoreLimits&) const = default;
};

/// What one route does differently from the rest.
struct RouteOptions {
  Caching caching = Caching::on;
  std::optional<std::chrono::milliseconds> ttl = {};  ///< Nothing: `CacheOptions::ttl`.
  std::optional<StoreLimits> store =
      {};  ///< A store of its own with these bounds; nothing: the shared one.
};

struct CacheOptions {
  Caching caching = Caching::on;
  std::chrono::milliseconds ttl{300'000};
  StoreLimits store = {};
  std::map<std::string, RouteOptions, std::less<>> routes = {};  ///< By path, e.g. "/search".
  std::size_t max_waiters = 1024;  ///< Requests that share one computation; beyond: 503.
  /// How often expired entries give their memory back; zero: only when `sweep` is called.
  std::chrono::milliseconds sweep_interval{1000};
  KeyHash hash =
      &hash64;  ///< Seeded per process, so that nobody can choose questions that collide.
};

/// Error: invalid_argument, naming the option, its value and what was expected.
Result<void> validate(const CacheOptions& options);

/// "sieve", "lru"; nothing for anything else.
std::optional<EvictionPolicy> parse_eviction_policy(std::string_view text);
std::string_view eviction_policy_name(EvictionPolicy policy);

}  // namespace liquid::cache
