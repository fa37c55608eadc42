#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "cache/cache_stats.h"

namespace liquid::cache {

enum class EvictionCause {
  capacity_items,
  capacity_bytes,
  expired,
  replaced,
  cleared,
  invalidated
};
inline constexpr std::size_t kEvictionCauses = 6;

/// How an answer of a cached route came about.
enum class AnswerKind { fresh, revalidated, joined, not_modified, miss, bypass, failure };
inline constexpr std::size_t kAnswerKinds = 7;

/// The running totals behind `CacheStats`. Relaxed atomics: each is exact, together they are a
/// snapshot only when nothing happens.
class Counters {
 public:
  void count_answer(AnswerKind kind) { add(answers_[static_cast<std::size_t>(kind)], 1); }
  void count_saved(std::chrono::microseconds cost) {
    add(saved_us_, static_cast<std::uint64_t>(cost.count()));
  }
  void count_eviction(EvictionCause cause) { add(evictions_[static_cast<std::size_t>(cause)], 1); }
  void count_stored() { add(stored_, 1); }
  void count_rejected_too_large() { add(rejected_too_large_, 1); }

  /// Fills the counters' part of `stats`.
  void write(CacheStats& stats) const;

 private:
  using Count = std::atomic<std::uint64_t>;

  static void add(Count& count, std::uint64_t amount) {
    count.fetch_add(amount, std::memory_order_relaxed);
  }

  std::array<Count, kAnswerKinds> answers_{};
  Count saved_us_{0};
  std::array<Count, kEvictionCauses> evictions_{};
  Count stored_{0};
  Count rejected_too_large_{0};
};

}  // namespace liquid::cache
