#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "api/route_list.h"
#include "base/clock.h"
#include "http/layer.h"
#include "metrics/recent_times.h"
#include "metrics/registry.h"

namespace liquid::api {

/// Counts every request, once: those that reach the layers when their answer leaves, those that the
/// server itself refuses (malformed, too large) through `count_refusal`.
///
/// For the totals of GET /metrics (JSON): a *request* is one on any path but /health, /status and
/// /metrics; an *error* is one of them answered with a status of 400 or more, whoever refused it
/// (identity, rate limit, route); a *cache hit* or *cache miss* is one answered with `X-Cache: HIT`
/// or `X-Cache: MISS`. So the numbers are those that the clients themselves have seen. Prometheus
/// counts all paths, by route, status and cache outcome.
class Traffic final : public http::Layer {
 public:
  /// Both are borrowed and outlive the layer.
  Traffic(metrics::Registry& registry, const Clock& clock);

  http::Step enter(http::Exchange& exchange) override;
  void leave(http::Exchange& exchange, http::Response& response) override;

  /// A request that no layer saw: one request and one error, on route "other", without a duration.
  void count_refusal(int status);

  struct Totals {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
    double seconds_up = 0.0;
    double seconds_counted = 0.0;  ///< Since the start or the last reset.
    metrics::RecentTimes::Summary times;
  };
  Totals totals() const;
  /// Starts all counts again at zero, those of the registry included.
  void reset();

 private:
  static constexpr int kStatuses = 600;
  static constexpr std::size_t kOutcomes = 6;

  metrics::Counter& request_counter(std::size_t route, int status);
  metrics::Counter& outcome_counter(std::size_t route, http::CacheOutcome outcome);
  metrics::Histogram& duration_histogram(std::size_t route);
  void add_to_totals(int status, http::CacheOutcome outcome, std::chrono::nanoseconds duration);

  metrics::Registry& registry_;
  const Clock& clock_;
  const Monotonic started_;
  std::atomic<Monotonic::rep> counted_since_;
  metrics::Counter requests_;
  metrics::Counter errors_;
  metrics::Counter cache_hits_;
  metrics::Counter cache_misses_;
  metrics::RecentTimes times_;

  // Filled in on first use: after that a look-up is one load.
  template <typename T>
  using Place = std::atomic<T*>;
  std::array<std::array<Place<metrics::Counter>, kStatuses>, kRoutes.size()> by_status_{};
  std::array<std::array<Place<metrics::Counter>, kOutcomes>, kRoutes.size()> by_outcome_{};
  std::array<Place<metrics::Histogram>, kRoutes.size()> durations_{};
};

}  // namespace liquid::api
