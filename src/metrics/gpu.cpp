#include "metrics/gpu.h"

#include <dlfcn.h>

#include <array>
#include <utility>

namespace liquid::metrics {
namespace {

// From NVIDIA's NVML API reference; every call returns 0 for success.
struct NvmlMemory {
  unsigned long long total = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
};
struct NvmlUtilization {
  unsigned gpu = 0;
  unsigned memory = 0;
};
using NvmlDevice = void*;

struct Nvml {
  int (*init)() = nullptr;
  int (*device_count)(unsigned*) = nullptr;
  int (*device_handle)(unsigned, NvmlDevice*) = nullptr;
  int (*device_name)(NvmlDevice, char*, unsigned) = nullptr;
  int (*device_memory)(NvmlDevice, NvmlMemory*) = nullptr;
  // Not every device and driver has these.
  int (*device_utilization)(NvmlDevice, NvmlUtilization*) = nullptr;
  int (*device_power)(NvmlDevice, unsigned*) = nullptr;        // milliwatts
  int (*device_power_limit)(NvmlDevice, unsigned*) = nullptr;  // milliwatts
  bool usable = false;
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Nvml load_nvml() {
  Nvml nvml;
  void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nvml;
  find(library, "nvmlDeviceGetUtilizationRates", nvml.device_utilization);
  find(library, "nvmlDeviceGetPowerUsage", nvml.device_power);
  find(library, "nvmlDeviceGetEnforcedPowerLimit", nvml.device_power_limit);
  nvml.usable = find(library, "nvmlInit_v2", nvml.init) &&
                find(library, "nvmlDeviceGetCount_v2", nvml.device_count) &&
                find(library, "nvmlDeviceGetHandleByIndex_v2", nvml.device_handle) &&
                find(library, "nvmlDeviceGetName", nvml.device_name) &&
                find(library, "nvmlDeviceGetMemoryInfo", nvml.device_memory) && nvml.init() == 0;
  return nvml;
}

std::optional<double> watts(int (*ask)(NvmlDevice, unsigned*), NvmlDevice device) {
  unsigned milliwatts = 0;
  if (ask == nullptr || ask(device, &milliwatts) != 0) return std::nullopt;
  return milliwatts / 1000.0;
}

}  // namespace

std::vector<Gpu> read_gpus() {
  static const Nvml nvml = load_nvml();
  std::vector<Gpu> gpus;
  unsigned count = 0;
  if (!nvml.usable || nvml.device_count(&count) != 0) return gpus;
  for (unsigned index = 0; index < count; ++index) {
    NvmlDevice device = nullptr;
    std::array<char, 96> name{};
    NvmlMemory memory;
    if (nvml.device_handle(index, &device) != 0) continue;
    if (nvml.device_name(device, name.data(), name.size()) != 0) continue;
    if (nvml.device_memory(device, &memory) != 0) continue;
    Gpu gpu;
    gpu.name = name.data();
    gpu.memory_total_bytes = static_cast<double>(memory.total);
    gpu.memory_used_bytes = static_cast<double>(memory.used);
    NvmlUtilization use;
    if (nvml.device_utilization != nullptr && nvml.device_utilization(device, &use) == 0) {
      gpu.utilization_percent = use.gpu;
    }
    gpu.power_watts = watts(nvml.device_power, device);
    gpu.power_limit_watts = watts(nvml.device_power_limit, device);
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

}  // namespace liquid::metrics
