#include "tracking/recorder/proc_text.h"

#include <array>
#include <charconv>

namespace liquid::tracking::recorder {
namespace {

// Takes the next line off `text`.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// Takes the next number off `line`; nothing when something else stands there.
std::optional<std::uint64_t> next_number(std::string_view& line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return std::nullopt;
  line.remove_prefix(begin);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return number;
}

}  // namespace

std::optional<CpuTimes> parse_cpu_times(std::string_view proc_stat) {
  std::string_view line = next_line(proc_stat);
  if (!line.starts_with("cpu ")) return std::nullopt;
  line.remove_prefix(4);
  // user nice system idle iowait irq softirq steal; guest times, which follow, are in user.
  std::array<std::uint64_t, 8> fields{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto number = next_number(line);
    if (!number && i < 4) return std::nullopt;
    fields[i] = number.value_or(0);
  }
  CpuTimes times;
  for (const std::uint64_t field : fields) times.total += field;
  times.busy = times.total - fields[3] - fields[4];
  return times;
}

std::optional<MemoryUse> parse_memory_use(std::string_view meminfo) {
  std::optional<std::uint64_t> total;
  std::optional<std::uint64_t> available;
  while (!meminfo.empty()) {
    std::string_view line = next_line(meminfo);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    line.remove_prefix(colon + 1);
    if (name == "MemTotal") total = next_number(line);
    if (name == "MemAvailable") available = next_number(line);
  }
  if (!total || !available || *total < *available) return std::nullopt;
  return MemoryUse{static_cast<double>(*total - *available) * 1024.0,
                   static_cast<double>(*total) * 1024.0};
}

std::optional<NetworkBytes> parse_network_bytes(std::string_view net_dev) {
  NetworkBytes bytes;
  bool any = false;
  while (!net_dev.empty()) {
    std::string_view line = next_line(net_dev);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    line.remove_prefix(colon + 1);
    // 8 receive fields, then 8 transmit fields; both begin with bytes.
    std::array<std::uint64_t, 9> fields{};
    bool whole = true;
    for (std::uint64_t& field : fields) {
      const auto number = next_number(line);
      whole = whole && number.has_value();
      field = number.value_or(0);
    }
    if (!whole) continue;
    any = true;
    bytes.received += static_cast<double>(fields[0]);
    bytes.sent += static_cast<double>(fields[8]);
  }
  if (!any) return std::nullopt;
  return bytes;
}

}  // namespace liquid::tracking::recorder
