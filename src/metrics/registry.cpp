#include "metrics/registry.h"

#include <algorithm>
#include <cassert>
#include <variant>

#include "metrics/prometheus_text.h"

namespace liquid::metrics {

std::size_t thread_slot() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t slot = next.fetch_add(1, std::memory_order_relaxed) % kThreadSlots;
  return slot;
}

std::uint64_t Counter::value() const {
  std::uint64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
  return sum;
}

void Counter::reset() {
  for (Cell& cell : cells_) cell.value.store(0, std::memory_order_relaxed);
}

struct alignas(64) Histogram::Shard {
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts;
  std::atomic<double> sum{0.0};
};

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), shards_(std::make_unique<Shard[]>(kThreadSlots)) {
  assert(std::is_sorted(bounds_.begin(), bounds_.end()));
  for (std::size_t i = 0; i < kThreadSlots; ++i) {
    shards_[i].counts = std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1);
  }
}

Histogram::~Histogram() = default;

void Histogram::observe(double value) {
  std::size_t bucket = 0;
  while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
  Shard& shard = shards_[thread_slot()];
  shard.counts[bucket].fetch_add(1, std::memory_order_relaxed);
  shard.sum.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot{bounds_, std::vector<std::uint64_t>(bounds_.size() + 1), 0.0, 0};
  for (std::size_t i = 0; i < kThreadSlots; ++i) {
    for (std::size_t bucket = 0; bucket <= bounds_.size(); ++bucket) {
      snapshot.counts[bucket] += shards_[i].counts[bucket].load(std::memory_order_relaxed);
    }
    snapshot.sum += shards_[i].sum.load(std::memory_order_relaxed);
  }
  for (const std::uint64_t count : snapshot.counts) snapshot.count += count;
  return snapshot;
}

void Histogram::reset() {
  for (std::size_t i = 0; i < kThreadSlots; ++i) {
    for (std::size_t bucket = 0; bucket <= bounds_.size(); ++bucket) {
      shards_[i].counts[bucket].store(0, std::memory_order_relaxed);
    }
    shards_[i].sum.store(0.0, std::memory_order_relaxed);
  }
}

std::vector<double> request_seconds_bounds() {
  return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
          0.1,     0.25,   0.5,     1.0,    2.5,   5.0,    10.0,  30.0, 60.0};
}

struct Registry::Series {
  std::string labels;  // Rendered: `route="/ask",status="200"`, or empty.
  // The callback sits behind a shared pointer: it is called without the lock, and may be replaced.
  std::variant<std::monostate, std::unique_ptr<Counter>, std::unique_ptr<Gauge>,
               std::unique_ptr<Histogram>, std::shared_ptr<const std::function<double()>>>
      value;
};

struct Registry::Family {
  std::string name;
  std::string help;
  std::string type;
  std::vector<std::unique_ptr<Series>> series;
};

Registry::Registry() = default;
Registry::~Registry() = default;

Registry::Family& Registry::family(std::string_view name, std::string_view help,
                                   std::string_view type) {
  assert(is_metric_name(name));
  const auto place =
      std::lower_bound(families_.begin(), families_.end(), name,
                       [](const auto& family, std::string_view key) { return family->name < key; });
  if (place != families_.end() && (*place)->name == name) {
    assert((*place)->type == type && "one name, two kinds of metric");
    return **place;
  }
  return **families_.insert(
      place, std::make_unique<Family>(
                 Family{std::string(name), std::string(help), std::string(type), {}}));
}

Registry::Series& Registry::series(Family& family, const Labels& labels) {
  std::string text = render_labels(labels);
  for (const auto& series : family.series) {
    if (series->labels == text) return *series;
  }
  family.series.push_back(std::make_unique<Series>(Series{std::move(text), {}}));
  return *family.series.back();
}

Counter& Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& value = series(family(name, help, "counter"), labels).value;
  if (value.index() == 0) value = std::make_unique<Counter>();
  return *std::get<std::unique_ptr<Counter>>(value);
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& value = series(family(name, help, "gauge"), labels).value;
  if (value.index() == 0) value = std::make_unique<Gauge>();
  return *std::get<std::unique_ptr<Gauge>>(value);
}

Histogram& Registry::histogram(std::string_view name, std::string_view help,
                               std::vector<double> bounds, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& value = series(family(name, help, "histogram"), labels).value;
  if (value.index() == 0) value = std::make_unique<Histogram>(std::move(bounds));
  return *std::get<std::unique_ptr<Histogram>>(value);
}

void Registry::callback(Kind kind, std::string_view name, std::string_view help,
                        const Labels& labels, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  const char* type = kind == Kind::counter ? "counter" : "gauge";
  series(family(name, help, type), labels).value =
      std::make_shared<const std::function<double()>>(std::move(read));
}

namespace {

/// What is written for one series; pointers stay valid as long as the registry.
struct Reading {
  std::string labels;
  std::variant<const Counter*, const Gauge*, const Histogram*,
               std::shared_ptr<const std::function<double()>>>
      value;
};

struct FamilyReading {
  std::string name, help, type;
  std::vector<Reading> series;
};

void write(PrometheusText& text, const std::string& name, const Reading& reading) {
  if (const auto* counter = std::get_if<const Counter*>(&reading.value)) {
    text.sample(name, reading.labels, (*counter)->value());
  } else if (const auto* gauge = std::get_if<const Gauge*>(&reading.value)) {
    text.sample(name, reading.labels, (*gauge)->value());
  } else if (const auto* histogram = std::get_if<const Histogram*>(&reading.value)) {
    text.histogram(name, reading.labels, (*histogram)->snapshot());
  } else {
    const auto& read = *std::get<3>(reading.value);
    text.sample(name, reading.labels, read());
  }
}

}  // namespace

std::string Registry::prometheus_text() const {
  std::vector<FamilyReading> readings;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& family : families_) {
      FamilyReading reading{family->name, family->help, family->type, {}};
      for (const auto& series : family->series) {
        if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&series->value)) {
          reading.series.push_back({series->labels, counter->get()});
        } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&series->value)) {
          reading.series.push_back({series->labels, gauge->get()});
        } else if (const auto* hist = std::get_if<std::unique_ptr<Histogram>>(&series->value)) {
          reading.series.push_back({series->labels, hist->get()});
        } else {
          reading.series.push_back({series->labels, std::get<4>(series->value)});
        }
      }
      readings.push_back(std::move(reading));
    }
  }
  PrometheusText text;
  for (const FamilyReading& family : readings) {
    text.head(family.name, family.help, family.type);
    for (const Reading& reading : family.series) write(text, family.name, reading);
  }
  return std::move(text).take();
}

void Registry::reset() {
  const std::lock_guard lock(mutex_);
  for (const auto& family : families_) {
    for (const auto& series : family->series) {
      if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&series->value)) {
        (*counter)->reset();
      } else if (const auto* hist = std::get_if<std::unique_ptr<Histogram>>(&series->value)) {
        (*hist)->reset();
      }
    }
  }
}

}  // namespace liquid::metrics
