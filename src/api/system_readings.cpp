#include "api/system_readings.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace liquid::api {
namespace {

// proc(5): the fields behind the process's name in /proc/self/stat, counted from the state.
constexpr int kUserTimeField = 11;
constexpr int kSystemTimeField = 12;

double ticks_to_seconds(double ticks) { return ticks / static_cast<double>(sysconf(_SC_CLK_TCK)); }

std::uint64_t count_entries(const std::filesystem::path& folder) {
  std::error_code error;
  std::uint64_t count = 0;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

double Readings::memory_percent() const {
  if (memory_total_bytes <= 0) return 0.0;
  return 100.0 * (memory_total_bytes - memory_available_bytes) / memory_total_bytes;
}

SystemReadings::SystemReadings(std::chrono::milliseconds interval, std::filesystem::path proc)
    : proc_(std::move(proc)) {
  refresh();
  thread_ = std::thread([this, interval] { run(interval); });
}

SystemReadings::~SystemReadings() {
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  stop_changed_.notify_all();
  thread_.join();
}

void SystemReadings::run(std::chrono::milliseconds interval) {
  std::unique_lock lock(stop_mutex_);
  while (!stop_changed_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    refresh();
    lock.lock();
  }
}

// "cpu  user nice system idle iowait irq softirq steal …", in ticks since the start of the machine.
SystemReadings::CpuTimes SystemReadings::cpu_times() const {
  std::ifstream file(proc_ / "stat");
  std::string label;
  file >> label;
  CpuTimes times;
  std::uint64_t ticks = 0;
  for (int column = 0; column < 8 && file >> ticks; ++column) {
    const bool idle = column == 3 || column == 4;
    times.all += ticks;
    if (!idle) times.busy += ticks;
  }
  return times;
}

void SystemReadings::read_memory(Readings& readings) const {
  std::ifstream file(proc_ / "meminfo");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string name;
    double kilobytes = 0;
    if (!(fields >> name >> kilobytes)) continue;
    if (name == "MemTotal:") readings.memory_total_bytes = kilobytes * 1024;
    if (name == "MemAvailable:") readings.memory_available_bytes = kilobytes * 1024;
  }
}

void SystemReadings::read_process(Readings& readings) const {
  std::ifstream statm(proc_ / "self" / "statm");
  double pages = 0;
  double resident = 0;
  if (statm >> pages >> resident) {
    readings.process_resident_bytes = resident * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  std::ifstream stat(proc_ / "self" / "stat");
  std::string text;
  std::getline(stat, text, '\0');
  const std::size_t name_end = text.rfind(')');
  if (name_end != std::string::npos) {
    std::istringstream fields(text.substr(name_end + 1));
    std::string field;
    double ticks = 0;
    for (int i = 0; fields >> field && i <= kSystemTimeField; ++i) {
      if (i == kUserTimeField || i == kSystemTimeField)
        ticks += std::strtod(field.c_str(), nullptr);
    }
    readings.process_cpu_seconds = ticks_to_seconds(ticks);
  }
  readings.process_open_files = count_entries(proc_ / "self" / "fd");
}

void SystemReadings::refresh() {
  Readings readings;
  readings.cpu_count = std::max(1u, std::thread::hardware_concurrency());
  read_memory(readings);
  read_process(readings);
  std::vector<Gpu> gpus = read_gpus();
  const CpuTimes now = cpu_times();
  state_.with([&](State& state) {
    readings.cpu_percent = state.readings.cpu_percent;
    if (now.all > state.before.all && state.before.all > 0) {
      readings.cpu_percent = 100.0 * static_cast<double>(now.busy - state.before.busy) /
                             static_cast<double>(now.all - state.before.all);
    }
    state.before = now;
    state.readings = readings;
    state.gpus = std::move(gpus);
  });
}

}  // namespace liquid::api
