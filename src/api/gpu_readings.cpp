#include "api/gpu_readings.h"

#include <cstdint>
#include <utility>

#include "api/json_writer.h"

namespace liquid::api {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

}  // namespace

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
