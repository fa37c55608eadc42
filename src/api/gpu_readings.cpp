#include "api/gpu_readings.h"

#include <dlfcn.h>

#include <array>

#include "api/json_writer.h"

namespace liquid::api {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

// From NVIDIA's NVML API reference; every call returns 0 for success.
struct NvmlMemory {
  unsigned long long total = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
};
using NvmlDevice = void*;

struct Nvml {
  int (*init)() = nullptr;
  int (*device_count)(unsigned*) = nullptr;
  int (*device_handle)(unsigned, NvmlDevice*) = nullptr;
  int (*device_name)(NvmlDevice, char*, unsigned) = nullptr;
  int (*device_memory)(NvmlDevice, NvmlMemory*) = nullptr;
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
  nvml.usable = find(library, "nvmlInit_v2", nvml.init) &&
                find(library, "nvmlDeviceGetCount_v2", nvml.device_count) &&
                find(library, "nvmlDeviceGetHandleByIndex_v2", nvml.device_handle) &&
                find(library, "nvmlDeviceGetName", nvml.device_name) &&
                find(library, "nvmlDeviceGetMemoryInfo", nvml.device_memory) && nvml.init() == 0;
  return nvml;
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
    gpus.push_back(
        {name.data(), static_cast<double>(memory.total), static_cast<double>(memory.used)});
  }
  return gpus;
}

std::string gpu_json(const std::vector<Gpu>& gpus) {
  JsonWriter json;
  json.begin_object().key("available").boolean(!gpus.empty());
  if (!gpus.empty()) {
    const Gpu& first = gpus.front();
    const double used = rounded(first.memory_used_bytes / kGibibyte);
    json.key("memory_used_gb").number(used);
    json.key("memory_total_gb").number(rounded(first.memory_total_bytes / kGibibyte));
    json.key("memory_percent")
        .number(first.memory_total_bytes <= 0
                    ? 0.0
                    : rounded(100.0 * first.memory_used_bytes / first.memory_total_bytes));
    json.key("device_count").integer(static_cast<std::int64_t>(gpus.size()));
    json.key("current_device").integer(0);
    json.key("device_name").string(first.name);
    json.key("memory_allocated_gb").number(used);
    json.key("memory_reserved_gb").number(used);
  }
  json.end_object();
  return std::move(json).take();
}

}  // namespace liquid::api
