#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "metrics/gpu.h"
#include "tracking/recorder/proc_text.h"

// The load of this machine under the names that MLflow's own monitor uses, so that the UI's system
// tab shows it. Megabytes are 10^6 bytes there.

namespace liquid::tracking::recorder {

/// What the machine says at one moment; absent is what it does not say.
struct MachineReadings {
  std::optional<CpuTimes> cpu;
  std::optional<MemoryUse> memory;
  std::optional<NetworkBytes> network;
  struct Disk {
    double used = 0.0;
    double available = 0.0;  ///< To users other than root.
  };
  std::optional<Disk> disk;  ///< Of the root file system.
  std::vector<metrics::Gpu> gpus;
};

MachineReadings read_machine();

using SystemMetrics = std::vector<std::pair<std::string, double>>;

/// Names without their prefix. Processor load is that between `before` and `now`, network traffic
/// that since `first`; averages and rounding to one digit are MLflow's.
SystemMetrics system_metrics(const MachineReadings& first, const MachineReadings& before,
                             const MachineReadings& now);

struct Sampling {
  std::chrono::milliseconds interval{10'000};
  std::string node;  ///< "system/<node>/…" when not empty.
  std::stop_token stop;
  std::function<std::int64_t()> first_step;  ///< Below 0 while it is not known yet.
  std::function<void(const std::string& key, double value, std::int64_t step)> log;
};

/// Logs a sample after each interval until told to stop. Steps count the samples.
void sample_system(const Sampling& sampling);

}  // namespace liquid::tracking::recorder
