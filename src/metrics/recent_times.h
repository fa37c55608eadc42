#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace liquid::metrics {

/// The last `kKept` durations, for percentiles as people know them from other servers, and the
/// mean, least and greatest of all of them since the last reset. `observe` costs a few relaxed
/// atomics.
class RecentTimes {
 public:
  static constexpr std::size_t kKept = 1000;

  void observe(std::chrono::nanoseconds duration);
  void reset();

  /// Milliseconds; all zero when nothing was observed. Percentiles interpolate linearly between the
  /// two nearest ranks (rank = p/100 · (n-1)).
  struct Summary {
    std::uint64_t count = 0;  ///< Of all.
    double all_average = 0.0, all_least = 0.0, all_greatest = 0.0;
    double average = 0.0, least = 0.0, greatest = 0.0;  ///< Of the last kKept.
    double p50 = 0.0, p95 = 0.0, p99 = 0.0;
  };
  Summary summary() const;

 private:
  std::array<std::atomic<std::int64_t>, kKept> ring_{};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::int64_t> sum_{0};
  std::atomic<std::int64_t> least_{INT64_MAX};
  std::atomic<std::int64_t> greatest_{0};
};

}  // namespace liquid::metrics
