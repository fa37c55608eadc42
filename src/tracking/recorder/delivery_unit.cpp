#include "tracking/recorder/delivery_unit.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace liquid::tracking::recorder {

void DeliveryUnit::add(Operation&& operation) {
  ++entries;
  std::visit([this](auto&& value) { take(std::move(value)); }, std::move(operation));
}

void DeliveryUnit::take(Metric&& point) {
  last_time_ms = std::max(last_time_ms, point.timestamp_ms);
  last_steps[point.key] = point.step;
  batch.metrics.push_back(std::move(point));
}

void DeliveryUnit::take(Param&& param) {
  const auto [place, fresh] = params_.emplace(param.key, batch.params.size());
  if (fresh) {
    batch.params.push_back(std::move(param));
  } else if (batch.params[place->second].value != param.value) {
    later_params.push_back(std::move(param));
  }
}

void DeliveryUnit::take(Tag&& tag) {
  const auto [place, fresh] = tags_.emplace(tag.key, batch.tags.size());
  if (fresh) {
    batch.tags.push_back(std::move(tag));
  } else {
    batch.tags[place->second].value = std::move(tag.value);
  }
}

void DeliveryUnit::take(RunEnd&& run_end) {
  last_time_ms = std::max(last_time_ms, run_end.time_ms);
  end = run_end;
}

}  // namespace liquid::tracking::recorder
