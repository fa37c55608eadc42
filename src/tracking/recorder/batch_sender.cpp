#include "tracking/recorder/batch_sender.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace liquid::tracking::recorder {
namespace {

template <typename T>
void move_half(const std::vector<T>& from, std::vector<T>& first, std::vector<T>& second) {
  const auto middle = from.begin() + static_cast<std::ptrdiff_t>(from.size() / 2);
  first.assign(from.begin(), middle);
  second.assign(middle, from.end());
}

std::size_t size_of(const Batch& batch) {
  return batch.metrics.size() + batch.params.size() + batch.tags.size();
}

void append_field(std::string& line, std::string_view name, std::string_view value) {
  line += line.empty() ? "{" : ",";
  append_json_string(line, name);
  line += ':';
  append_json_string(line, value);
}

std::string described(std::string_view kind, std::string_view key, std::string_view value) {
  std::string line;
  append_field(line, "kind", kind);
  append_field(line, "key", key);
  append_field(line, "value", value);
  return line;
}

std::string described(const Metric& point) {
  char value[40];
  std::snprintf(value, sizeof(value), "%.17g", point.value);
  return described("metric", point.key, value) + ",\"step\":" + std::to_string(point.step) +
         ",\"time_ms\":" + std::to_string(point.timestamp_ms);
}

std::string described(const Batch& single) {
  if (!single.metrics.empty()) return described(single.metrics.front());
  if (!single.params.empty()) {
    return described("param", single.params.front().key, single.params.front().value);
  }
  return described("tag", single.tags.front().key, single.tags.front().value);
}

void note(Refusals& refusals, std::string line, const Error& reason) {
  append_field(line, "reason", reason.message);
  refusals.lines += line + "}\n";
  ++refusals.count;
}

}  // namespace

bool is_refusal(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::not_found:
    case ErrorCode::conflict:
    case ErrorCode::invalid_state:
    case ErrorCode::unsupported: return true;
    case ErrorCode::unauthenticated:
    case ErrorCode::permission_denied:
    case ErrorCode::resource_exhausted:
    case ErrorCode::unavailable:
    case ErrorCode::deadline_exceeded:
    case ErrorCode::cancelled:
    case ErrorCode::data_corrupt:
    case ErrorCode::internal: return false;
  }
  return false;
}

Result<Refusals> BatchSender::send(RunStore& runs, const RunId& run, const DeliveryUnit& unit) {
  Call call{runs, run, {}, false};
  Batch suspects;
  Result<void> sent;
  if (suspect_keys_.empty()) {
    sent = send_batch(call, unit.batch);
  } else {
    Batch sound = unit.batch;
    const auto bad = std::stable_partition(
        sound.metrics.begin(), sound.metrics.end(),
        [this](const Metric& point) { return !suspect_keys_.contains(point.key); });
    suspects.metrics.assign(std::make_move_iterator(bad),
                            std::make_move_iterator(sound.metrics.end()));
    sound.metrics.erase(bad, sound.metrics.end());
    sent = send_batch(call, sound);
  }
  if (sent) sent = send_suspects(call, suspects);
  if (sent) sent = send_rest(call, unit);
  if (!sent) return std::move(sent).error();
  return std::move(call.refusals);
}

Result<void> BatchSender::send_batch(Call& call, const Batch& batch) {
  if (size_of(batch) == 0) return {};
  Result<void> logged = call.runs.log_batch(call.run, batch);
  if (logged || !is_refusal(logged.error().code)) return logged;
  if (Result<void> there = check_run(call); !there) return there;
  if (size_of(batch) > 1) return split(call, batch);
  refuse(call, batch, logged.error());
  return {};
}

Result<void> BatchSender::split(Call& call, const Batch& batch) {
  Batch first;
  Batch second;
  // Kinds come apart before entries of one kind do.
  if (!batch.metrics.empty() && size_of(batch) > batch.metrics.size()) {
    first.params = batch.params;
    first.tags = batch.tags;
    second.metrics = batch.metrics;
  } else if (!batch.params.empty() && !batch.tags.empty()) {
    first.params = batch.params;
    second.tags = batch.tags;
  } else {
    move_half(batch.metrics, first.metrics, second.metrics);
    move_half(batch.params, first.params, second.params);
    move_half(batch.tags, first.tags, second.tags);
  }
  if (Result<void> sent = send_batch(call, first); !sent) return sent;
  return send_batch(call, second);
}

void BatchSender::refuse(Call& call, const Batch& single, const Error& reason) {
  if (!single.metrics.empty()) suspect_keys_.insert(single.metrics.front().key);
  note(call.refusals, described(single), reason);
}

// All of them are taken, or all are refused for the reason of the first; only then one by one when
// the reasons may differ.
Result<void> BatchSender::send_suspects(Call& call, Batch& suspects) {
  if (suspects.metrics.empty()) return {};
  Result<void> logged = call.runs.log_batch(call.run, suspects);
  if (!logged && !is_refusal(logged.error().code)) return logged;
  if (logged) {
    for (const Metric& point : suspects.metrics) suspect_keys_.erase(point.key);
    return {};
  }
  std::stable_sort(suspects.metrics.begin(), suspects.metrics.end(),
                   [](const Metric& a, const Metric& b) { return a.key < b.key; });
  return split(call, suspects);
}

// A run that was deleted refuses everything: then nothing is wrong with the entries.
Result<void> BatchSender::check_run(Call& call) {
  if (call.run_is_there) return {};
  const Result<Run> run = call.runs.get(call.run);
  if (!run && run.error().code != ErrorCode::not_found) return run.error();
  if (!run || run->info.stage == LifecycleStage::deleted) {
    return Error{ErrorCode::invalid_state,
                 "run " + call.run.str() + " was deleted; restore it, or remove its journal"};
  }
  call.run_is_there = true;
  return {};
}

Result<void> BatchSender::accept_refusal(Call& call, const Result<void>& result,
                                         const std::string& line) {
  if (result || !is_refusal(result.error().code)) return result;
  if (Result<void> there = check_run(call); !there) return there;
  note(call.refusals, line, result.error());
  return {};
}

Result<void> BatchSender::send_rest(Call& call, const DeliveryUnit& unit) {
  for (const Param& param : unit.later_params) {
    if (Result<void> sent = send_batch(call, Batch{.metrics = {}, .params = {param}, .tags = {}});
        !sent) {
      return sent;
    }
  }
  for (const DatasetInput& input : unit.datasets) {
    Result<void> sent =
        accept_refusal(call, call.runs.log_inputs(call.run, {input}, {}),
                       described("dataset", input.dataset.name, input.dataset.digest));
    if (!sent) return sent;
  }
  for (const ModelId& model : unit.used_models) {
    Result<void> sent = accept_refusal(call, call.runs.log_inputs(call.run, {}, {model}),
                                       described("model input", model.str(), ""));
    if (!sent) return sent;
  }
  for (const ModelOutput& output : unit.made_models) {
    Result<void> sent = accept_refusal(
        call, call.runs.log_outputs(call.run, {output}),
        described("model output", output.model_id.str(), std::to_string(output.step)));
    if (!sent) return sent;
  }
  return {};
}

}  // namespace liquid::tracking::recorder
