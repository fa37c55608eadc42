#include "train/memory_use.h"

#include <c10/core/Allocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Device.h>

#include <fstream>
#include <sstream>

namespace liquid::train {
namespace {

/// "VmRSS:     123 kB" of /proc/self/status (Linux, man 5 proc), in bytes; 0 when it is not there.
std::int64_t status_bytes(const std::string& status, const std::string& name) {
  const std::size_t at = status.find(name + ":");
  if (at == std::string::npos) return 0;
  std::istringstream line(status.substr(at + name.size() + 1));
  std::int64_t kilobytes = 0;
  line >> kilobytes;
  return kilobytes * 1024;
}

std::optional<DeviceMemory> device_memory(const std::string& name) {
  if (name.empty() || name == "cpu") return std::nullopt;
  const c10::Device device(name);
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  if (allocator == nullptr || !allocator->initialized()) return std::nullopt;
  const auto stats =
      allocator->getDeviceStats(device.has_index() ? device.index() : c10::DeviceIndex{0});
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return DeviceMemory{stats.allocated_bytes[kAll].current, stats.reserved_bytes[kAll].current,
                      stats.allocated_bytes[kAll].peak};
}

}  // namespace

MemoryUse memory_use(const std::string& device) {
  std::ifstream file("/proc/self/status");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string status = text.str();
  return {status_bytes(status, "VmRSS"), status_bytes(status, "VmHWM"), device_memory(device)};
}

}  // namespace liquid::train
