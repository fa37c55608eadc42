#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"

namespace liquid::api {

/// `requests` at once, refilled evenly over `period`.
struct RateLimitOptions {
  std::uint32_t requests = 100;  ///< 1..1 000 000; no limit at all is: no layer.
  std::chrono::seconds period{60};
  std::size_t max_clients = 65'536;
};

/// One token bucket per client, in a table that never grows.
///
/// A bucket is one number, the time at which it will be full again (the generic cell rate
/// algorithm, ITU-T I.371); a client that has not been seen is one whose bucket is full. The table
/// is split into sets of eight buckets. Invariants: a client's bucket lies in the set its key
/// names; a set that is full gives up the bucket that is nearest to full, which loses nothing when
/// that one is full, and counts in `forced_out()` when not.
///
/// Safe from any thread; `take` holds one of 64 locks for some ten nanoseconds.
class TokenBuckets {
 public:
  explicit TokenBuckets(const RateLimitOptions& options);

  struct Verdict {
    bool allowed = true;
    std::uint32_t remaining = 0;
    std::chrono::nanoseconds until_full{0};
    std::chrono::nanoseconds retry_after{0};  ///< 0 when allowed.
  };
  /// Takes one token of the client with this key (a seeded hash), or says when there will be one.
  Verdict take(std::uint64_t client, Monotonic now);

  /// Buckets that were not full and still had to make room.
  std::uint64_t forced_out() const { return forced_out_.load(std::memory_order_relaxed); }
  std::size_t capacity() const { return sets_.size() * kWays; }

 private:
  static constexpr std::size_t kWays = 8;
  static constexpr std::size_t kLocks = 64;
  struct Bucket {
    std::uint64_t client = 0;
    std::int64_t full_at = 0;  ///< Nanoseconds of the monotonic clock.
  };
  using Set = std::array<Bucket, kWays>;
  struct alignas(64) Lock {
    std::mutex mutex;
  };

  Bucket& bucket_of(Set& set, std::uint64_t client, std::int64_t now);

  const std::int64_t interval_;  ///< Nanoseconds until one more token.
  const std::int64_t depth_;     ///< Nanoseconds from empty to full.
  std::vector<Set> sets_;        // guarded by locks_[set index % kLocks]
  std::unique_ptr<Lock[]> locks_;
  std::atomic<std::uint64_t> forced_out_{0};
};

}  // namespace liquid::api
