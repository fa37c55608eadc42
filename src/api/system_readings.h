#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "api/gpu_readings.h"
#include "base/guarded.h"

namespace liquid::api {

/// What the machine and this process use. Unreadable figures stay zero.
struct Readings {
  double cpu_percent = 0.0;  ///< Of all cores, since the reading before.
  unsigned cpu_count = 0;
  double memory_total_bytes = 0.0;
  double memory_available_bytes = 0.0;
  double process_resident_bytes = 0.0;
  double process_cpu_seconds = 0.0;
  std::uint64_t process_open_files = 0;

  double memory_percent() const;
};

/// Reads /proc every `interval` on a thread of its own, so that whoever asks gets a copy at once.
class SystemReadings {
 public:
  explicit SystemReadings(std::chrono::milliseconds interval = std::chrono::seconds(1),
                          std::filesystem::path proc = "/proc");
  ~SystemReadings();
  SystemReadings(const SystemReadings&) = delete;
  SystemReadings& operator=(const SystemReadings&) = delete;

  Readings latest() const {
    return state_.with([](const State& state) { return state.readings; });
  }
  std::vector<Gpu> gpus() const {
    return state_.with([](const State& state) { return state.gpus; });
  }
  /// Reads now; the thread does the same.
  void refresh();

 private:
  struct CpuTimes {
    std::uint64_t busy = 0;
    std::uint64_t all = 0;
  };
  struct State {
    Readings readings;
    std::vector<Gpu> gpus;
    CpuTimes before;
  };

  CpuTimes cpu_times() const;
  void read_memory(Readings& readings) const;
  void read_process(Readings& readings) const;
  void run(std::chrono::milliseconds interval);

  const std::filesystem::path proc_;
  Guarded<State> state_;
  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool stopping_ = false;  // guarded by stop_mutex_
  std::thread thread_;
};

}  // namespace liquid::api
