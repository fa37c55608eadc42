// What one log_metric costs the calling thread, with the journal written and the points delivered
// into a SQLite file meanwhile: recorder_bench [POINTS_PER_THREAD]
//
// Each call is timed on its own; the clock's own cost, measured first, is part of the figures.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "tracking/recorder/recorder.h"
#include "tracking/recorder/test_folder.h"

namespace {

using namespace liquid;
using namespace liquid::tracking;
using Nanoseconds = std::vector<std::int32_t>;

std::int32_t since(std::chrono::steady_clock::time_point begun) {
  return static_cast<std::int32_t>((std::chrono::steady_clock::now() - begun).count());
}

// A training step logs 20 metrics, then computes; here the computation is left out, or `pause`.
Nanoseconds time_calls(Recorder& recorder, int points, std::chrono::microseconds pause) {
  Nanoseconds times(static_cast<std::size_t>(points));
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) keys.push_back("train/metric_" + std::to_string(i));
  for (int i = 0; i < points; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    recorder.log_metric(keys[static_cast<std::size_t>(i) % 20], i, i / 20);
    times[static_cast<std::size_t>(i)] = since(begun);
    if (i % 20 == 19 && pause.count() > 0) std::this_thread::sleep_for(pause);
  }
  return times;
}

void print(const char* what, Nanoseconds times) {
  std::sort(times.begin(), times.end());
  const auto at = [&times](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf("%-34s p50 %5d ns   p99 %5d ns   p99.9 %6d ns   max %8d ns\n", what, at(0.5),
              at(0.99), at(0.999), times.back());
}

void measure(const char* what, int threads, int points, std::chrono::microseconds pause) {
  const testing::TestFolder folder;
  const SystemClock clock;
  RecorderOptions options;
  options.settings.tracking_uri = "sqlite:///" + (folder.path() / "mlflow.db").string();
  options.journal_folder = folder.path() / "journal";
  auto recorder = Recorder::start(options, clock);
  if (!recorder) {
    std::fprintf(stderr, "%s\n", recorder.error().message.c_str());
    std::exit(1);
  }
  std::vector<Nanoseconds> times(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (Nanoseconds& mine : times) {
    running.emplace_back([&] { mine = time_calls(**recorder, points, pause); });
  }
  for (std::thread& thread : running) thread.join();
  const auto report = (*recorder)->finish(RunStatus::finished);
  Nanoseconds all;
  for (const Nanoseconds& mine : times) all.insert(all.end(), mine.begin(), mine.end());
  print(what, std::move(all));
  if (!report || report->delivered !=
                     static_cast<std::uint64_t>(threads) * static_cast<std::uint64_t>(points)) {
    std::printf(
        "  not everything was delivered: %s\n",
        report ? std::to_string(report->delivered).c_str() : report.error().message.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int points = argc > 1 ? std::atoi(argv[1]) : 200'000;
  Nanoseconds nothing(100'000);
  for (std::int32_t& time : nothing) time = since(std::chrono::steady_clock::now());
  print("two readings of the clock", std::move(nothing));
  measure("1 thread, without a pause", 1, points, {});
  measure("2 threads, without a pause", 2, points, {});
  measure("1 thread, 20 points every 200 us", 1, points / 10, std::chrono::microseconds(200));
}
