#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace liquid::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// How many copies of a hot number there are, so that threads do not fight for one cache line.
inline constexpr std::size_t kThreadSlots = 8;
/// This thread's copy, 0 … kThreadSlots-1. Threads are dealt out in turn.
std::size_t thread_slot();

/// Only goes up (until `reset`). `add` is one relaxed atomic addition on a line that few threads
/// share.
class Counter {
 public:
  void add(std::uint64_t amount = 1) {
    cells_[thread_slot()].value.fetch_add(amount, std::memory_order_relaxed);
  }
  std::uint64_t value() const;
  void reset();

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Cell, kThreadSlots> cells_;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0.0};
};

/// Counts of values in fixed buckets, cumulative when written out (Prometheus text format 0.0.4).
/// A value lies in the first bucket whose upper bound is not below it.
class Histogram {
 public:
  /// Upper bounds, ascending, without +Inf.
  explicit Histogram(std::vector<double> bounds);
  ~Histogram();
  void observe(double value);
  struct Snapshot {
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;  ///< Per bucket, not cumulative; one more than bounds.
    double sum = 0.0;
    std::uint64_t count = 0;
  };
  Snapshot snapshot() const;
  void reset();

 private:
  struct Shard;
  const std::vector<double> bounds_;
  std::unique_ptr<Shard[]> shards_;
};

/// 50 µs … 60 s, for the time a request takes.
std::vector<double> request_seconds_bounds();

/// Named metrics of one process. Asking twice for the same name and labels gives the same object;
/// references stay valid as long as the registry. Names and labels follow Prometheus conventions:
/// an unfit name, or a name used for two kinds of metric, is a programmer's error (assert).
/// Safe from any thread; look a metric up once and keep the reference where it is hot.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                       const Labels& labels = {});
  /// A gauge or counter whose value is asked for when the metrics are written; `read` is called
  /// without any lock of the registry held. A second one of the same name and labels takes its
  /// place.
  enum class Kind { counter, gauge };
  void callback(Kind kind, std::string_view name, std::string_view help, const Labels& labels,
                std::function<double()> read);

  /// Prometheus text exposition format 0.0.4; families sorted by name, series in order of creation.
  std::string prometheus_text() const;
  /// Counters and histograms start again at zero; gauges and callbacks stay.
  void reset();

 private:
  struct Family;
  struct Series;
  Family& family(std::string_view name, std::string_view help, std::string_view type);
  Series& series(Family& family, const Labels& labels);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_;  // guarded by mutex_; sorted by name
};

}  // namespace liquid::metrics
