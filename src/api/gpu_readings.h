#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace liquid::api {

/// One NVIDIA device as its driver's library describes it.
struct Gpu {
  std::string name;
  double memory_total_bytes = 0.0;
  double memory_used_bytes = 0.0;
};

/// All devices of this machine; none where there is no driver. The driver's library (NVML) is
/// looked for when the program runs, so that nothing of it is needed to build or start.
std::vector<Gpu> read_gpus();

/// `{"available":false}`, or with the figures of the first device under the names that both earlier
/// servers used. This server itself computes nothing on a GPU: "allocated" and "reserved" are what
/// all programs together hold.
std::string gpu_json(const std::vector<Gpu>& gpus);

}  // namespace liquid::api
