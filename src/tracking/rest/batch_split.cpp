#include "tracking/rest/batch_split.h"

#include <boost/json/serialize.hpp>
#include <string_view>

#include "tracking/rest/entity_json.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

constexpr std::size_t kFrameBytes = 64;  // the keys and brackets around the three lists

std::string entity_text(const Metric& metric) { return json::serialize(metric_json(metric)); }
std::string entity_text(const Param& param) {
  return json::serialize(pair_json(param.key, param.value));
}
std::string entity_text(const Tag& tag) { return json::serialize(pair_json(tag.key, tag.value)); }

// One body while it grows.
struct Body {
  std::string text;
  std::size_t entities = 0;
  bool full = false;

  // Appends a list of what fits of `items` from `taken` on, which moves.
  template <typename Item>
  void append(std::string_view name, const std::vector<Item>& items, std::size_t& taken,
              std::size_t most, const BatchLimits& limits) {
    if (taken == items.size() || full) return;
    text += ",\"" + std::string(name) + "\":[";
    std::size_t count = 0;
    for (; taken < items.size() && count < most && entities < limits.entities; ++taken) {
      const std::string entity = entity_text(items[taken]);
      full = entities > 0 && text.size() + entity.size() + kFrameBytes > limits.bytes;
      if (full) break;
      if (count++ > 0) text += ',';
      text += entity;
      ++entities;
    }
    text += ']';
  }
};

}  // namespace

BatchSplit::BatchSplit(const RunId& run, const Batch& batch, BatchLimits limits)
    : run_(run), batch_(batch), limits_(limits) {}

bool BatchSplit::done() const {
  return metrics_ == batch_.metrics.size() && params_ == batch_.params.size() &&
         tags_ == batch_.tags.size();
}

std::string BatchSplit::next() {
  Body body{.text = "{\"run_id\":" + json::serialize(json::value(text_json(run_.str())))};
  body.append("params", batch_.params, params_, limits_.params, limits_);
  body.append("tags", batch_.tags, tags_, limits_.tags, limits_);
  body.append("metrics", batch_.metrics, metrics_, limits_.metrics, limits_);
  return std::move(body.text) + '}';
}

}  // namespace liquid::tracking::rest
