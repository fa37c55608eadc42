#pragma once

#include <optional>
#include <string>
#include <vector>

namespace liquid::metrics {

/// One NVIDIA device as its driver's library describes it now. Absent is what it does not say.
struct Gpu {
  std::string name;
  double memory_total_bytes = 0.0;
  double memory_used_bytes = 0.0;
  std::optional<double> utilization_percent =
      {};  ///< Share of the last period with a kernel running.
  std::optional<double> power_watts = {};
  std::optional<double> power_limit_watts = {};  ///< The one in force.
};

/// All devices of this machine; none where there is no driver. The driver's library (NVML) is
/// looked for when the program runs, so that nothing of it is needed to build or start. Any thread.
std::vector<Gpu> read_gpus();

}  // namespace liquid::metrics
