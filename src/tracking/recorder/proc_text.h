#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// Readers of the kernel's text files (Linux, man 5 proc).

namespace liquid::tracking::recorder {

/// Clock ticks of all processors together since boot, from /proc/stat.
struct CpuTimes {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
};
std::optional<CpuTimes> parse_cpu_times(std::string_view proc_stat);

/// From /proc/meminfo, in bytes. Used is what is not available, as free(1) and psutil say.
struct MemoryUse {
  double used = 0.0;
  double total = 0.0;
};
std::optional<MemoryUse> parse_memory_use(std::string_view meminfo);

/// Bytes of all interfaces together since boot, from /proc/net/dev.
struct NetworkBytes {
  double received = 0.0;
  double sent = 0.0;
};
std::optional<NetworkBytes> parse_network_bytes(std::string_view net_dev);

}  // namespace liquid::tracking::recorder
