#include "metrics/recent_times.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace liquid::metrics {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

double milliseconds(double nanoseconds) { return nanoseconds / 1e6; }

double percentile(const std::vector<std::int64_t>& sorted, double percent) {
  const double rank = percent / 100.0 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = rank - static_cast<double>(below);
  return milliseconds(static_cast<double>(sorted[below]) +
                      share * static_cast<double>(sorted[above] - sorted[below]));
}

}  // namespace

void RecentTimes::observe(std::chrono::nanoseconds duration) {
  const std::int64_t value = std::max<std::int64_t>(duration.count(), 0);
  ring_[count_.fetch_add(1, kRelaxed) % kKept].store(value, kRelaxed);
  sum_.fetch_add(value, kRelaxed);
  std::int64_t seen = least_.load(kRelaxed);
  while (value < seen && !least_.compare_exchange_weak(seen, value, kRelaxed)) {
  }
  seen = greatest_.load(kRelaxed);
  while (value > seen && !greatest_.compare_exchange_weak(seen, value, kRelaxed)) {
  }
}

void RecentTimes::reset() {
  count_.store(0, kRelaxed);
  sum_.store(0, kRelaxed);
  least_.store(INT64_MAX, kRelaxed);
  greatest_.store(0, kRelaxed);
}

RecentTimes::Summary RecentTimes::summary() const {
  Summary summary;
  summary.count = count_.load(kRelaxed);
  if (summary.count == 0) return summary;
  std::vector<std::int64_t> last(std::min<std::uint64_t>(summary.count, kKept));
  for (std::size_t i = 0; i < last.size(); ++i) last[i] = ring_[i].load(kRelaxed);
  std::sort(last.begin(), last.end());
  double sum = 0.0;
  for (const std::int64_t value : last) sum += static_cast<double>(value);

  // A request that is being counted right now may have raised `count_` and not yet the rest.
  const std::int64_t least = least_.load(kRelaxed);
  summary.all_average =
      milliseconds(static_cast<double>(sum_.load(kRelaxed)) / static_cast<double>(summary.count));
  summary.all_least = least == INT64_MAX ? 0.0 : milliseconds(static_cast<double>(least));
  summary.all_greatest = milliseconds(static_cast<double>(greatest_.load(kRelaxed)));
  summary.average = milliseconds(sum / static_cast<double>(last.size()));
  summary.least = milliseconds(static_cast<double>(last.front()));
  summary.greatest = milliseconds(static_cast<double>(last.back()));
  summary.p50 = percentile(last, 50);
  summary.p95 = percentile(last, 95);
  summary.p99 = percentile(last, 99);
  return summary;
}

}  // namespace liquid::metrics
