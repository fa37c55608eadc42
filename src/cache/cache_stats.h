#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace liquid::cache {

/// Answers that cost no computation, each counted once.
struct HitCounts {
  std::uint64_t fresh = 0;         ///< Sent as stored.
  std::uint64_t revalidated = 0;   ///< The index had moved; retrieval found the same evidence.
  std::uint64_t joined = 0;        ///< Waited for an equal request's computation.
  std::uint64_t not_modified = 0;  ///< A hit that the client held already: 304.

  std::uint64_t total() const { return fresh + revalidated + joined + not_modified; }
};

/// Entries that left the store, by cause.
struct EvictionCounts {
  std::uint64_t capacity_items = 0;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t expired = 0;
  std::uint64_t replaced = 0;     ///< By a newer answer under the same key.
  std::uint64_t cleared = 0;      ///< By `clear`.
  std::uint64_t invalidated = 0;  ///< Evidence or answer version changed.
};

/// Figures of the cache at one moment. Every answer of a cached route is a hit, a miss, a bypass or
/// a failure, and counted once; requests refused before the cache looked (405, 422) are none of
/// these. hits + misses + bypasses are the answers that carry an X-Cache header.
struct CacheStats {
  std::size_t total_items = 0;
  std::size_t valid_items = 0;    ///< Not expired.
  std::size_t expired_items = 0;  ///< Expired, and not yet swept.
  std::size_t max_size = 0;       ///< Most items there can be.
  double utilization = 0.0;       ///< total_items of max_size, in per cent.
  std::size_t bytes = 0;
  std::size_t max_bytes = 0;
  std::chrono::milliseconds ttl{};  ///< The default one.

  HitCounts hits;
  std::uint64_t misses = 0;
  std::uint64_t bypasses = 0;
  std::uint64_t failures = 0;  ///< Errors of computations, and the cache's own 503 and 504.
  EvictionCounts evictions;
  std::uint64_t stored = 0;
  std::uint64_t rejected_too_large =
      0;                       ///< Answers above an eighth of the byte budget: not stored.
  double seconds_saved = 0.0;  ///< What the hits would have cost to compute.
  std::size_t flights = 0;     ///< Computations running or queued now.

  double ttl_seconds() const { return std::chrono::duration<double>(ttl).count(); }
};

}  // namespace liquid::cache
