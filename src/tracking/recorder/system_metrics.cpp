#include "tracking/recorder/system_metrics.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>

#include "base/file.h"

namespace liquid::tracking::recorder {
namespace {

constexpr double kMegabyte = 1e6;
constexpr std::chrono::milliseconds kPollForRun{200};

double tenths(double value) { return std::round(value * 10.0) / 10.0; }

template <typename Parse>
auto read_proc(const char* path, Parse parse) -> decltype(parse(std::string_view())) {
  const Result<std::string> text = read_file(path);
  if (!text) return std::nullopt;
  return parse(*text);
}

std::optional<MachineReadings::Disk> read_disk() {
  struct statvfs status {};
  if (::statvfs("/", &status) != 0) return std::nullopt;
  const auto block = static_cast<double>(status.f_frsize);
  return MachineReadings::Disk{
      .used = block * static_cast<double>(status.f_blocks - status.f_bfree),
      .available = block * static_cast<double>(status.f_bavail)};
}

void add_gpu(SystemMetrics& out, const metrics::Gpu& gpu, std::size_t index) {
  const std::string prefix = "gpu_" + std::to_string(index) + "_";
  if (gpu.memory_total_bytes > 0) {
    out.emplace_back(prefix + "memory_usage_percentage",
                     tenths(100.0 * gpu.memory_used_bytes / gpu.memory_total_bytes));
    out.emplace_back(prefix + "memory_usage_megabytes", tenths(gpu.memory_used_bytes / kMegabyte));
  }
  if (gpu.utilization_percent) {
    out.emplace_back(prefix + "utilization_percentage", tenths(*gpu.utilization_percent));
  }
  if (gpu.power_watts && gpu.power_limit_watts && *gpu.power_limit_watts > 0) {
    out.emplace_back(prefix + "power_usage_watts", tenths(*gpu.power_watts));
    out.emplace_back(prefix + "power_usage_percentage",
                     tenths(100.0 * *gpu.power_watts / *gpu.power_limit_watts));
  }
}

void add_cpu(SystemMetrics& out, const CpuTimes& before, const CpuTimes& now) {
  const double total = static_cast<double>(now.total) - static_cast<double>(before.total);
  const double busy = static_cast<double>(now.busy) - static_cast<double>(before.busy);
  // The kernel's counters of idle time may step back a little.
  const double percent = total <= 0 ? 0.0 : std::clamp(100.0 * busy / total, 0.0, 100.0);
  out.emplace_back("cpu_utilization_percentage", tenths(percent));
}

// False when told to stop.
bool rest(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

MachineReadings read_machine() {
  return {.cpu = read_proc("/proc/stat", parse_cpu_times),
          .memory = read_proc("/proc/meminfo", parse_memory_use),
          .network = read_proc("/proc/net/dev", parse_network_bytes),
          .disk = read_disk(),
          .gpus = metrics::read_gpus()};
}

SystemMetrics system_metrics(const MachineReadings& first, const MachineReadings& before,
                             const MachineReadings& now) {
  SystemMetrics out;
  if (before.cpu && now.cpu) add_cpu(out, *before.cpu, *now.cpu);
  if (now.memory) {
    out.emplace_back("system_memory_usage_megabytes", tenths(now.memory->used / kMegabyte));
    out.emplace_back("system_memory_usage_percentage",
                     tenths(100.0 * now.memory->used / now.memory->total));
  }
  if (now.disk) {
    const double usable = now.disk->used + now.disk->available;
    out.emplace_back("disk_usage_percentage",
                     usable <= 0 ? 0.0 : tenths(100.0 * now.disk->used / usable));
    out.emplace_back("disk_usage_megabytes", tenths(now.disk->used / kMegabyte));
    out.emplace_back("disk_available_megabytes", tenths(now.disk->available / kMegabyte));
  }
  if (first.network && now.network) {
    out.emplace_back("network_receive_megabytes",
                     (now.network->received - first.network->received) / kMegabyte);
    out.emplace_back("network_transmit_megabytes",
                     (now.network->sent - first.network->sent) / kMegabyte);
  }
  for (std::size_t i = 0; i < now.gpus.size(); ++i) add_gpu(out, now.gpus[i], i);
  return out;
}

void sample_system(const Sampling& sampling) {
  const std::string prefix = sampling.node.empty() ? "system/" : "system/" + sampling.node + "/";
  const MachineReadings first = read_machine();
  MachineReadings before = first;
  std::int64_t samples = 0;
  while (rest(sampling.stop, sampling.interval)) {
    // A run that is taken up again has steps already; which, only the store knows.
    while (sampling.first_step() < 0) {
      if (!rest(sampling.stop, kPollForRun)) return;
    }
    MachineReadings now = read_machine();
    const std::int64_t step = sampling.first_step() + samples++;
    for (const auto& [name, value] : system_metrics(first, before, now)) {
      sampling.log(prefix + name, value, step);
    }
    before = std::move(now);
  }
}

}  // namespace liquid::tracking::recorder
