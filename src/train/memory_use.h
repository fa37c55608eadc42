#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace liquid::train {

struct DeviceMemory {
  std::int64_t allocated = 0;  ///< in tensors now
  std::int64_t reserved = 0;   ///< held by the allocator now
  std::int64_t peak = 0;       ///< most ever allocated
};

/// Bytes.
struct MemoryUse {
  std::int64_t resident = 0;             ///< of this process, now
  std::int64_t peak_resident = 0;        ///< since it started
  std::optional<DeviceMemory> device{};  ///< of the accelerator, when one is used
};

/// `device` as the run names it: "cpu", "cuda:0".
MemoryUse memory_use(const std::string& device);

}  // namespace liquid::train
