// What experiment tracking costs, one workload per start:
//
//   liquid_tracking_bench calls FILE COUNT           one log_metric after another, delivery running
//   liquid_tracking_bench bulk FILE RUNS STEPS KEYS  whole curves into the file
//   liquid_tracking_bench fill FILE RUNS             runs with 20 metrics and 20 parameters each,
//                                                    and one with a curve of 10 000 points
//   liquid_tracking_bench search FILE REPEATS        the first 100 by a filter and an order
//   liquid_tracking_bench history FILE REPEATS       that curve
//
// Prints one JSON object. rival.py does the same with Python's MLflow.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tracking/client/open_store.h"
#include "tracking/recorder/recorder.h"

namespace {

using namespace liquid;
using namespace liquid::tracking;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPoints = 10'000;

template <typename T>
T value_of(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "tracking_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

void check(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "tracking_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[rank];
}

std::string uri_of(const std::string& file) {
  return "sqlite:///" + std::filesystem::absolute(file).string();
}

std::unique_ptr<Store> open(const std::string& file, const Clock& clock) {
  return value_of(open_store(uri_of(file), Settings{}, clock));
}

// `moment` counts the points of time of all runs: they come one after the other, as in life.
Metric point(const std::string& key, std::int64_t step, std::int64_t moment, double value) {
  Metric metric;
  metric.key = key;
  metric.value = value;
  metric.step = step;
  metric.timestamp_ms = 1'700'000'000'000 + moment;
  return metric;
}

RunId new_run(Store& store, const ExperimentId& experiment) {
  NewRun run;
  run.experiment_id = experiment;
  run.start_time_ms = 1'700'000'000'000;
  return value_of(store.runs().create(run)).info.id;
}

// The time of the call alone, as a training loop feels it.
void calls(const std::string& file, int count) {
  const SystemClock clock;
  RecorderOptions options;
  options.settings.tracking_uri = uri_of(file);
  options.journal_folder = std::filesystem::path(file).parent_path() / "journal";
  auto recorder = value_of(Recorder::start(std::move(options), clock));
  std::vector<double> nanoseconds;
  nanoseconds.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < 1000; ++i) recorder->log_metric("warm_up", i, i);
  const auto begin = SteadyClock::now();
  for (int i = 0; i < count; ++i) {
    const auto before = SteadyClock::now();
    recorder->log_metric("train/loss", 1.0 / (i + 1), i);
    nanoseconds.push_back(
        std::chrono::duration<double, std::nano>(SteadyClock::now() - before).count());
  }
  const double logging = seconds_since(begin);
  const auto report = value_of(recorder->finish(RunStatus::finished));
  const double total = seconds_since(begin);
  std::sort(nanoseconds.begin(), nanoseconds.end());
  std::printf(
      "{\"calls\": %d, \"mean_ns\": %.1f, \"p50_ns\": %.1f, \"p99_ns\": %.1f, \"p999_ns\": %.1f, "
      "\"until_delivered_s\": %.3f, \"delivered\": %llu}\n",
      count, logging * 1e9 / count, percentile(nanoseconds, 0.5), percentile(nanoseconds, 0.99),
      percentile(nanoseconds, 0.999), total, static_cast<unsigned long long>(report.delivered));
}

void bulk(const std::string& file, int runs, int steps, int keys) {
  const SystemClock clock;
  const auto store = open(file, clock);
  const auto experiment = value_of(store->experiments().create({"bulk", {}, {}}));
  const auto begin = SteadyClock::now();
  const double cpu_before = cpu_seconds();
  for (int run = 0; run < runs; ++run) {
    const RunId id = new_run(*store, experiment);
    Batch batch;
    for (int step = 0; step < steps; ++step) {
      for (int key = 0; key < keys; ++key) {
        batch.metrics.push_back(
            point("metric_" + std::to_string(key), step, run * steps + step, run + step * 0.001));
      }
    }
    check(store->runs().log_batch(id, batch));
  }
  const double seconds = seconds_since(begin);
  const double cpu = cpu_seconds() - cpu_before;
  const double points = 1.0 * runs * steps * keys;
  std::printf("{\"points\": %.0f, \"seconds\": %.3f, \"us_per_point\": %.3f, \"cpu_us\": %.3f}\n",
              points, seconds, seconds * 1e6 / points, cpu * 1e6 / points);
}

void fill(const std::string& file, int runs) {
  const SystemClock clock;
  const auto store = open(file, clock);
  const auto experiment = value_of(store->experiments().create({"search", {}, {}}));
  for (int run = 0; run < runs; ++run) {
    Batch batch;
    for (int i = 0; i < 20; ++i) {
      batch.metrics.push_back(
          point("m" + std::to_string(i), 1, run, (run * 7919 + i) % 1000 / 1000.0));
      batch.params.push_back({"p" + std::to_string(i), std::to_string((run + i) % 10)});
    }
    check(store->runs().log_batch(new_run(*store, experiment), batch));
  }
  Batch curve;
  for (int step = 0; step < kPoints; ++step)
    curve.metrics.push_back(point("curve", step, step, 1.0 / (step + 1)));
  const RunId id = new_run(*store, experiment);
  check(store->runs().log_batch(id, curve));
  std::printf("{\"experiment_id\": \"%s\", \"run_id\": \"%s\"}\n", experiment.str().c_str(),
              id.str().c_str());
}

template <typename Work>
void repeat(int repeats, Work&& work) {
  std::vector<double> wall;
  std::size_t found = 0;
  const double cpu_before = cpu_seconds();
  for (int i = 0; i < repeats; ++i) {
    const auto begin = SteadyClock::now();
    found = work();
    wall.push_back(seconds_since(begin) * 1e3);
  }
  const double cpu = (cpu_seconds() - cpu_before) * 1e3 / repeats;
  std::sort(wall.begin(), wall.end());
  std::printf("{\"found\": %zu, \"wall_ms\": %.3f, \"cpu_ms\": %.3f}\n", found,
              percentile(wall, 0.5), cpu);
}

void search(const std::string& file, int repeats) {
  const SystemClock clock;
  const auto store = open(file, clock);
  const auto experiment = value_of(store->experiments().find("search"));
  RunQuery query;
  query.experiment_ids = {experiment->id};
  query.filter = "metrics.m0 < 0.5 and params.p1 != '3'";
  query.order_by = {"metrics.m1 ASC"};
  query.max_results = 100;
  repeat(repeats, [&] { return value_of(store->runs().search(query)).items.size(); });
}

void history(const std::string& file, int repeats) {
  const SystemClock clock;
  const auto store = open(file, clock);
  const auto experiment = value_of(store->experiments().find("search"));
  RunQuery query;
  query.experiment_ids = {experiment->id};
  query.filter = "metrics.curve >= 0";
  const RunId id = value_of(store->runs().search(query)).items.at(0).info.id;
  repeat(repeats, [&] {
    return value_of(store->runs().metric_history({id, "curve", std::nullopt, {}})).items.size();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int index) { return argc > index ? std::atoi(argv[index]) : 0; };
  const std::string work = argc > 2 ? argv[1] : "";
  if (work == "calls") {
    calls(argv[2], number(3));
  } else if (work == "bulk") {
    bulk(argv[2], number(3), number(4), number(5));
  } else if (work == "fill") {
    fill(argv[2], number(3));
  } else if (work == "search") {
    search(argv[2], number(3));
  } else if (work == "history") {
    history(argv[2], number(3));
  } else {
    std::fprintf(stderr, "usage: liquid_tracking_bench calls|bulk|fill|search|history FILE …\n");
    return 2;
  }
  return 0;
}
