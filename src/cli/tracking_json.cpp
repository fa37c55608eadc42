#include "cli/tracking_json.h"

#include <cmath>

#include "tracking/names.h"

namespace liquid::cli {
namespace {

using api::JsonWriter;

void write_number(JsonWriter& json, double value) {
  if (std::isfinite(value)) {
    json.number(value);
  } else {
    json.string(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
  }
}

void text(JsonWriter& json, std::string_view key, std::string_view value) {
  json.key(key).string(value);
}

void text_unless_empty(JsonWriter& json, std::string_view key, std::string_view value) {
  if (!value.empty()) text(json, key, value);
}

template <typename Pair>
void write_pairs(JsonWriter& json, std::string_view name, const std::vector<Pair>& pairs) {
  json.key(name).begin_array();
  for (const Pair& pair : pairs) {
    json.begin_object();
    text(json, "key", pair.key);
    text(json, "value", pair.value);
    json.end_object();
  }
  json.end_array();
}

void write_metrics(JsonWriter& json, const std::vector<tracking::Metric>& metrics) {
  json.key("metrics").begin_array();
  for (const tracking::Metric& metric : metrics) write(json, metric);
  json.end_array();
}

void write_dataset(JsonWriter& json, const tracking::DatasetInput& input) {
  json.begin_object();
  write_pairs(json, "tags", input.tags);
  json.key("dataset").begin_object();
  text(json, "name", input.dataset.name);
  text(json, "digest", input.dataset.digest);
  text(json, "source_type", input.dataset.source_type);
  text(json, "source", input.dataset.source);
  text_unless_empty(json, "schema", input.dataset.schema);
  text_unless_empty(json, "profile", input.dataset.profile);
  json.end_object().end_object();
}

void write_inputs(JsonWriter& json, const tracking::Run& run) {
  json.key("inputs").begin_object().key("dataset_inputs").begin_array();
  for (const tracking::DatasetInput& input : run.dataset_inputs) write_dataset(json, input);
  json.end_array().key("model_inputs").begin_array();
  for (const tracking::ModelId& id : run.model_inputs) {
    json.begin_object().key("model_id").string(id.str()).end_object();
  }
  json.end_array().end_object();
}

void write_outputs(JsonWriter& json, const tracking::Run& run) {
  json.key("outputs").begin_object().key("model_outputs").begin_array();
  for (const tracking::ModelOutput& output : run.model_outputs) {
    json.begin_object().key("model_id").string(output.model_id.str());
    json.key("step").integer(output.step).end_object();
  }
  json.end_array().end_object();
}

}  // namespace

void write(JsonWriter& json, const tracking::Experiment& experiment) {
  json.begin_object();
  text(json, "experiment_id", experiment.id.str());
  text(json, "name", experiment.name);
  text(json, "artifact_location", experiment.artifact_location);
  text(json, "lifecycle_stage", tracking::lifecycle_stage_name(experiment.stage));
  json.key("creation_time").integer(experiment.creation_time_ms);
  json.key("last_update_time").integer(experiment.last_update_time_ms);
  write_pairs(json, "tags", experiment.tags);
  json.end_object();
}

void write(JsonWriter& json, const tracking::RunInfo& info) {
  json.begin_object();
  text(json, "run_id", info.id.str());
  text(json, "run_name", info.name);
  text(json, "experiment_id", info.experiment_id.str());
  text(json, "user_id", info.user_id);
  text(json, "status", tracking::run_status_name(info.status));
  json.key("start_time").integer(info.start_time_ms);
  if (info.end_time_ms) json.key("end_time").integer(*info.end_time_ms);
  text(json, "artifact_uri", info.artifact_uri);
  text(json, "lifecycle_stage", tracking::lifecycle_stage_name(info.stage));
  json.end_object();
}

void write(JsonWriter& json, const tracking::Run& run) {
  json.begin_object().key("info");
  write(json, run.info);
  json.key("data").begin_object();
  write_metrics(json, run.metrics);
  write_pairs(json, "params", run.params);
  write_pairs(json, "tags", run.tags);
  json.end_object();
  write_inputs(json, run);
  write_outputs(json, run);
  json.end_object();
}

void write(JsonWriter& json, const tracking::Metric& metric) {
  json.begin_object();
  text(json, "key", metric.key);
  json.key("value");
  write_number(json, metric.value);
  json.key("timestamp").integer(metric.timestamp_ms);
  json.key("step").integer(metric.step);
  text_unless_empty(json, "model_id", metric.model_id.str());
  text_unless_empty(json, "dataset_name", metric.dataset_name);
  text_unless_empty(json, "dataset_digest", metric.dataset_digest);
  text_unless_empty(json, "run_id", metric.run_id.str());
  json.end_object();
}

void write(JsonWriter& json, const tracking::FileInfo& file) {
  json.begin_object();
  text(json, "path", file.path);
  json.key("is_dir").boolean(file.is_folder);
  if (file.size) json.key("file_size").integer(static_cast<std::int64_t>(*file.size));
  json.end_object();
}

void write(JsonWriter& json, const tracking::LoggedModel& model) {
  json.begin_object().key("info").begin_object();
  text(json, "model_id", model.id.str());
  text(json, "experiment_id", model.experiment_id.str());
  text(json, "name", model.name);
  text(json, "artifact_uri", model.artifact_uri);
  text(json, "status", tracking::logged_model_status_name(model.status));
  text_unless_empty(json, "status_message", model.status_message);
  json.key("creation_timestamp_ms").integer(model.creation_time_ms);
  json.key("last_updated_timestamp_ms").integer(model.last_update_time_ms);
  text_unless_empty(json, "model_type", model.model_type);
  text_unless_empty(json, "source_run_id", model.source_run_id.str());
  write_pairs(json, "tags", model.tags);
  json.end_object().key("data").begin_object();
  write_pairs(json, "params", model.params);
  write_metrics(json, model.metrics);
  json.end_object().end_object();
}

void write(JsonWriter& json, const tracking::ModelVersion& version) {
  json.begin_object();
  text(json, "name", version.name);
  text(json, "version", version.version);
  json.key("creation_timestamp").integer(version.creation_time_ms);
  json.key("last_updated_timestamp").integer(version.last_update_time_ms);
  text_unless_empty(json, "user_id", version.user_id);
  text(json, "current_stage", tracking::stage_name(version.stage));
  text_unless_empty(json, "description", version.description);
  text(json, "source", version.source);
  text_unless_empty(json, "run_id", version.run_id.str());
  text_unless_empty(json, "run_link", version.run_link);
  text(json, "status", tracking::model_version_status_name(version.status));
  text_unless_empty(json, "status_message", version.status_message);
  text_unless_empty(json, "model_id", version.model_id.str());
  write_pairs(json, "tags", version.tags);
  json.key("aliases").begin_array();
  for (const std::string& alias : version.aliases) json.string(alias);
  json.end_array().end_object();
}

void write(JsonWriter& json, const tracking::RegisteredModel& model) {
  json.begin_object();
  text(json, "name", model.name);
  json.key("creation_timestamp").integer(model.creation_time_ms);
  json.key("last_updated_timestamp").integer(model.last_update_time_ms);
  text_unless_empty(json, "description", model.description);
  json.key("latest_versions").begin_array();
  for (const tracking::ModelVersion& version : model.latest_versions) write(json, version);
  json.end_array();
  write_pairs(json, "tags", model.tags);
  json.key("aliases").begin_array();
  for (const tracking::ModelAlias& alias : model.aliases) {
    json.begin_object().key("alias").string(alias.alias);
    json.key("version").string(alias.version).end_object();
  }
  json.end_array().end_object();
}

}  // namespace liquid::cli
