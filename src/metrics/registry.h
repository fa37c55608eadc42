#pragma once

#include <atomic>
#include <array>
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

/// Only goes up (until `reset`). One relaxed atomic addition per call.
class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }
  void reset() { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0.0};
};

/// Counts of values in fixed buckets, cumulative when written out (Prometheus text format 0.0.4).
class Histogram {
 public:
  /// Upper bounds, ascending, without +Inf.
  explicit Histogram(std::vector<double> bounds);
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
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0.0};
};

/// Named metrics of one process. Asking twice for the same name and labels gives the same object;
/// references stay valid as long as the registry. Names and labels follow Prometheus conventions.
class Registry {
 public:
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                       const Labels& labels = {});
  /// A gauge or counter whose value is asked for when the metrics are written.
  enum class Kind { counter, gauge };
  void callback(Kind kind, std::string_view name, std::string_view help, const Labels& labels,
                std::function<double()> read);

  /// Prometheus text exposition format 0.0.4; families sorted by name.
  std::string prometheus_text() const;
  /// Counters and histograms start again at zero.
  void reset();

 private:
  struct Family;
  Family& family(std::string_view name, std::string_view help, std::string_view type);
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_;  // guarded by mutex_

 public:
  Registry();
  ~Registry();
};

}  // namespace liquid::metrics
