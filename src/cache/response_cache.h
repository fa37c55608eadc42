#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cache/cache_options.h"
#include "cache/cache_stats.h"
#include "cache/clear_log.h"

namespace liquid::cache {

class AliasTable;
class Counters;
class FlightTable;
class MemoryStore;

/// What the cache does for one route.
struct RoutePlan {
  Caching caching = Caching::on;
  std::chrono::milliseconds ttl{};
  MemoryStore* store = nullptr;
};

/// What `CacheLayer` works with; all owned by a `ResponseCache`.
struct CacheParts {
  const Clock& clock;
  Counters& counters;
  const ClearLog& clearings;
  AliasTable& aliases;
  FlightTable& flights;
};

/// The stored answers of one process and what is known about them: the part of the cache that does
/// not know HTTP. `CacheLayer` puts it to work; operators see it through `stats` and `clear`.
///
/// Safe from any thread. Expired entries are dropped by an own small thread (see
/// `CacheOptions::sweep_interval`).
class ResponseCache {
 public:
  /// `clock` is borrowed. Error: invalid_argument, see `validate`.
  static Result<std::unique_ptr<ResponseCache>> open(CacheOptions options, const Clock& clock);
  ~ResponseCache();
  ResponseCache(const ResponseCache&) = delete;
  ResponseCache& operator=(const ResponseCache&) = delete;

  CacheStats stats() const;

  /// Drops what fits and returns how many entries that were. What is being computed at this moment
  /// is still sent to those who wait, but not stored. By document: costs its dependants only.
  std::size_t clear(const ClearRequest& request);

  /// Drops what has expired; returns how many entries that were.
  std::size_t sweep();

  const CacheOptions& options() const;
  RoutePlan plan(std::string_view route) const;
  CacheParts parts();

 private:
  struct State;
  explicit ResponseCache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liquid::cache
