#include "tracking/rest/entity_json.h"

#include <algorithm>
#include <cmath>

#include "tracking/names.h"
#include "tracking/rest/json_text.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

constexpr Fields::Names<RunStatus> kRunStatus{run_status_from, run_status_name, 1};
constexpr Fields::Names<LifecycleStage> kLifecycle{lifecycle_stage_from, lifecycle_stage_name, 0};
constexpr Fields::Names<LoggedModelStatus> kModelStatus{logged_model_status_from,
                                                        logged_model_status_name, 0};

json::value double_json(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

void put_text(json::object& object, std::string_view name, std::string_view text) {
  if (!text.empty()) object[json::string_view(name.data(), name.size())] = text_json(text);
}

template <typename Item>
void sort_by_key(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(),
            [](const Item& left, const Item& right) { return left.key < right.key; });
}

template <typename Item>
std::vector<Item> read_pairs(const Fields& outer, std::string_view name) {
  std::vector<Item> items;
  outer.each(name, [&items](const Fields& pair) {
    items.push_back({pair.required_text("key"), pair.text("value")});
  });
  sort_by_key(items);
  return items;
}

Metric read_metric(const Fields& fields) {
  return {.key = fields.required_text("key"),
          .value = fields.number("value"),
          .timestamp_ms = fields.whole("timestamp"),
          .step = fields.whole("step"),
          .model_id = ModelId(fields.text("model_id")),
          .dataset_name = fields.text("dataset_name"),
          .dataset_digest = fields.text("dataset_digest"),
          .run_id = RunId(fields.text("run_id"))};
}

DatasetInput read_dataset_input(const Fields& fields) {
  const Fields dataset = fields.required_object("dataset");
  return {.dataset = {.name = dataset.text("name"),
                      .digest = dataset.text("digest"),
                      .source_type = dataset.text("source_type"),
                      .source = dataset.text("source"),
                      .schema = dataset.text("schema"),
                      .profile = dataset.text("profile")},
          .tags = read_tags(fields)};
}

}  // namespace

json::string text_json(std::string_view text) { return json::string(well_formed(text)); }

json::object pair_json(std::string_view key, std::string_view value) {
  return {{"key", text_json(key)}, {"value", text_json(value)}};
}

json::array tags_json(const std::vector<Tag>& tags) {
  json::array array;
  for (const Tag& tag : tags) array.push_back(pair_json(tag.key, tag.value));
  return array;
}

json::array params_json(const std::vector<Param>& params) {
  json::array array;
  for (const Param& param : params) array.push_back(pair_json(param.key, param.value));
  return array;
}

json::array texts_json(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.push_back(text_json(text));
  return array;
}

json::object metric_json(const Metric& metric) {
  json::object object{{"key", text_json(metric.key)},
                      {"value", double_json(metric.value)},
                      {"timestamp", metric.timestamp_ms},
                      {"step", metric.step}};
  put_text(object, "model_id", metric.model_id.str());
  put_text(object, "dataset_name", metric.dataset_name);
  put_text(object, "dataset_digest", metric.dataset_digest);
  return object;
}

json::object dataset_input_json(const DatasetInput& input) {
  const Dataset& dataset = input.dataset;
  json::object inner{{"name", text_json(dataset.name)},
                     {"digest", text_json(dataset.digest)},
                     {"source_type", text_json(dataset.source_type)},
                     {"source", text_json(dataset.source)}};
  put_text(inner, "schema", dataset.schema);
  put_text(inner, "profile", dataset.profile);
  return {{"tags", tags_json(input.tags)}, {"dataset", std::move(inner)}};
}

std::vector<Tag> read_tags(const Fields& outer) { return read_pairs<Tag>(outer, "tags"); }

std::vector<Metric> read_metrics(const Fields& outer) {
  std::vector<Metric> metrics;
  outer.each("metrics", [&](const Fields& metric) { metrics.push_back(read_metric(metric)); });
  return metrics;
}

Experiment read_experiment(const Fields& fields) {
  return {.id = ExperimentId(fields.required_label("experiment_id")),
          .name = fields.text("name"),
          .artifact_location = fields.text("artifact_location"),
          .stage = fields.choice("lifecycle_stage", LifecycleStage::active, kLifecycle),
          .creation_time_ms = fields.whole("creation_time"),
          .last_update_time_ms = fields.whole("last_update_time"),
          .tags = read_tags(fields)};
}

RunInfo read_run_info(const Fields& fields) {
  return {
      .id = RunId(fields.has("run_id") ? fields.text("run_id") : fields.required_text("run_uuid")),
      .experiment_id = ExperimentId(fields.label("experiment_id")),
      .name = fields.text("run_name"),
      .user_id = fields.text("user_id"),
      .status = fields.choice("status", RunStatus::running, kRunStatus),
      .start_time_ms = fields.whole("start_time"),
      .end_time_ms = fields.whole_if_present("end_time"),
      .artifact_uri = fields.text("artifact_uri"),
      .stage = fields.choice("lifecycle_stage", LifecycleStage::active, kLifecycle)};
}

Run read_run(const Fields& fields) {
  const Fields data = fields.object("data");
  const Fields inputs = fields.object("inputs");
  Run run{.info = read_run_info(fields.required_object("info")),
          .metrics = read_metrics(data),
          .params = read_pairs<Param>(data, "params"),
          .tags = read_tags(data),
          .dataset_inputs = {},
          .model_inputs = {},
          .model_outputs = {}};
  sort_by_key(run.metrics);
  inputs.each("dataset_inputs", [&run](const Fields& input) {
    run.dataset_inputs.push_back(read_dataset_input(input));
  });
  inputs.each("model_inputs", [&run](const Fields& input) {
    run.model_inputs.emplace_back(input.required_text("model_id"));
  });
  const Fields outputs = fields.object("outputs");
  outputs.each("model_outputs", [&run](const Fields& output) {
    run.model_outputs.push_back({ModelId(output.required_text("model_id")), output.whole("step")});
  });
  return run;
}

LoggedModel read_logged_model(const Fields& fields) {
  const Fields info = fields.required_object("info");
  const Fields data = fields.object("data");
  return {.id = ModelId(info.required_text("model_id")),
          .experiment_id = ExperimentId(info.label("experiment_id")),
          .name = info.text("name"),
          .artifact_uri = info.text("artifact_uri"),
          .status = info.choice("status", LoggedModelStatus::unspecified, kModelStatus),
          .status_message = info.text("status_message"),
          .creation_time_ms = info.whole("creation_timestamp_ms"),
          .last_update_time_ms = info.whole("last_updated_timestamp_ms"),
          .model_type = info.text("model_type"),
          .source_run_id = RunId(info.text("source_run_id")),
          .tags = read_tags(info),
          .params = read_pairs<Param>(data, "params"),
          .metrics = read_metrics(data)};
}

}  // namespace liquid::tracking::rest
