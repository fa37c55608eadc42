#include "tracking/transfer/export_json.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "tracking/names.h"

namespace liquid::tracking::transfer {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }
json::string text_of(std::string_view text) { return json::string(view(text)); }

// The shortest decimal form that reads as the same double; as text, since many JSON parsers
// (Boost's of 1.81 among them) are off by a last place when they read numbers.
json::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  return json::string(json::string_view(digits, static_cast<std::size_t>(end - digits)));
}

template <typename Entity>
json::array array_of(const std::vector<Entity>& entities) {
  json::array array;
  for (const Entity& entity : entities) array.emplace_back(json_of(entity));
  return array;
}

template <typename Pair>
json::array pairs(const std::vector<Pair>& entries) {
  json::array array;
  for (const Pair& entry : entries) {
    array.emplace_back(json::object{{"key", text_of(entry.key)}, {"value", text_of(entry.value)}});
  }
  return array;
}

template <typename Pair>
std::vector<Pair> read_pairs(FieldReader& fields, const json::object& object,
                             std::string_view key) {
  return fields.list<Pair>(object, key, [](FieldReader& reader, const json::object& each) {
    return Pair{reader.text(each, "key"), reader.text(each, "value")};
  });
}

json::object json_of_input(const DatasetInput& input) {
  const Dataset& set = input.dataset;
  return {{"name", text_of(set.name)},
          {"digest", text_of(set.digest)},
          {"source_type", text_of(set.source_type)},
          {"source", text_of(set.source)},
          {"schema", text_of(set.schema)},
          {"profile", text_of(set.profile)},
          {"tags", pairs(input.tags)}};
}

DatasetInput read_input(FieldReader& fields, const json::object& object) {
  DatasetInput input;
  input.dataset.name = fields.text(object, "name");
  input.dataset.digest = fields.text(object, "digest");
  input.dataset.source_type = fields.text(object, "source_type");
  input.dataset.source = fields.text(object, "source");
  input.dataset.schema = fields.text(object, "schema");
  input.dataset.profile = fields.text(object, "profile");
  input.tags = read_pairs<Tag>(fields, object, "tags");
  return input;
}

// A word of an enumeration; `from` says what it means.
template <typename Value>
Value read_word(FieldReader& fields, const json::object& object, std::string_view key,
                std::optional<Value> (*from)(std::string_view)) {
  const std::optional<Value> value = from(fields.text(object, key));
  if (!value) fields.wrong(key, "a known word");
  return value.value_or(Value{});
}

}  // namespace

void FieldReader::wrong(std::string_view key, std::string_view expected) {
  if (problem_.empty()) problem_ = "'" + std::string(key) + "' is not " + std::string(expected);
}

std::string FieldReader::text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(view(key));
  if (value == nullptr) return {};
  if (const json::string* text = value->if_string()) return {text->data(), text->size()};
  wrong(key, "text");
  return {};
}

std::int64_t FieldReader::integer(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(view(key));
  if (value == nullptr) return 0;
  if (const std::int64_t* number = value->if_int64()) return *number;
  wrong(key, "a whole number");
  return 0;
}

double FieldReader::number(const json::object& object, std::string_view key) {
  const std::string digits = text(object, key);
  if (digits == "NaN") return std::nan("");
  if (digits == "Infinity") return HUGE_VAL;
  if (digits == "-Infinity") return -HUGE_VAL;
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) {
    wrong(key, "a number written as text");
    return 0;
  }
  return value;
}

const json::object& FieldReader::object(const json::object& parent, std::string_view key) {
  static const json::object kEmpty;
  const json::value* value = parent.if_contains(view(key));
  if (value != nullptr && value->is_object()) return value->get_object();
  wrong(key, "an object");
  return kEmpty;
}

const json::array& FieldReader::array(const json::object& parent, std::string_view key) {
  static const json::array kEmpty;
  const json::value* value = parent.if_contains(view(key));
  if (value == nullptr) return kEmpty;
  if (value->is_array()) return value->get_array();
  wrong(key, "an array");
  return kEmpty;
}

json::object json_of(const Metric& metric) {
  json::object object{{"key", text_of(metric.key)},
                      {"value", number_text(metric.value)},
                      {"timestamp", metric.timestamp_ms},
                      {"step", metric.step}};
  const auto add = [&object](const char* key, const std::string& text) {
    if (!text.empty()) object.emplace(key, text_of(text));
  };
  add("model_id", metric.model_id.str());
  add("dataset_name", metric.dataset_name);
  add("dataset_digest", metric.dataset_digest);
  add("run_id", metric.run_id.str());
  return object;
}

Metric read_metric(FieldReader& fields, const json::object& object) {
  Metric metric;
  metric.key = fields.text(object, "key");
  if (metric.key.empty()) fields.wrong("key", "given");
  metric.value = fields.number(object, "value");
  metric.timestamp_ms = fields.integer(object, "timestamp");
  metric.step = fields.integer(object, "step");
  metric.model_id = ModelId(fields.text(object, "model_id"));
  metric.dataset_name = fields.text(object, "dataset_name");
  metric.dataset_digest = fields.text(object, "dataset_digest");
  metric.run_id = RunId(fields.text(object, "run_id"));
  return metric;
}

json::object json_of(const Experiment& experiment) {
  return {{"experiment_id", text_of(experiment.id.str())},
          {"name", text_of(experiment.name)},
          {"creation_time", experiment.creation_time_ms},
          {"last_update_time", experiment.last_update_time_ms},
          {"tags", pairs(experiment.tags)}};
}

Experiment read_experiment(FieldReader& fields, const json::object& object) {
  Experiment experiment;
  experiment.id = ExperimentId(fields.text(object, "experiment_id"));
  experiment.name = fields.text(object, "name");
  if (experiment.name.empty()) fields.wrong("name", "given");
  experiment.creation_time_ms = fields.integer(object, "creation_time");
  experiment.last_update_time_ms = fields.integer(object, "last_update_time");
  experiment.tags = read_pairs<Tag>(fields, object, "tags");
  return experiment;
}

json::object json_of(const Run& run) {
  const RunInfo& info = run.info;
  json::object object{{"run_id", text_of(info.id.str())},
                      {"run_name", text_of(info.name)},
                      {"user_id", text_of(info.user_id)},
                      {"status", text_of(run_status_name(info.status))},
                      {"lifecycle_stage", text_of(lifecycle_stage_name(info.stage))},
                      {"start_time", info.start_time_ms}};
  if (info.end_time_ms) object.emplace("end_time", *info.end_time_ms);
  object.emplace("params", pairs(run.params));
  object.emplace("tags", pairs(run.tags));
  object.emplace("metrics", array_of(run.metrics));
  json::array datasets;
  for (const DatasetInput& input : run.dataset_inputs) datasets.emplace_back(json_of_input(input));
  object.emplace("datasets", std::move(datasets));
  json::array inputs;
  for (const ModelId& id : run.model_inputs) {
    inputs.emplace_back(json::object{{"model_id", text_of(id.str())}});
  }
  object.emplace("model_inputs", std::move(inputs));
  json::array outputs;
  for (const ModelOutput& output : run.model_outputs) {
    outputs.emplace_back(
        json::object{{"model_id", text_of(output.model_id.str())}, {"step", output.step}});
  }
  object.emplace("model_outputs", std::move(outputs));
  return object;
}

Run read_run(FieldReader& fields, const json::object& object) {
  Run run;
  run.info.id = RunId(fields.text(object, "run_id"));
  run.info.name = fields.text(object, "run_name");
  run.info.user_id = fields.text(object, "user_id");
  run.info.status = read_word(fields, object, "status", run_status_from);
  run.info.stage = read_word(fields, object, "lifecycle_stage", lifecycle_stage_from);
  run.info.start_time_ms = fields.integer(object, "start_time");
  if (object.contains("end_time")) run.info.end_time_ms = fields.integer(object, "end_time");
  run.params = read_pairs<Param>(fields, object, "params");
  run.tags = read_pairs<Tag>(fields, object, "tags");
  run.metrics = fields.list<Metric>(object, "metrics", read_metric);
  run.dataset_inputs = fields.list<DatasetInput>(object, "datasets", read_input);
  run.model_inputs = fields.list<ModelId>(object, "model_inputs",
                                          [](FieldReader& reader, const json::object& each) {
                                            return ModelId(reader.text(each, "model_id"));
                                          });
  run.model_outputs = fields.list<ModelOutput>(
      object, "model_outputs", [](FieldReader& reader, const json::object& each) {
        return ModelOutput{ModelId(reader.text(each, "model_id")), reader.integer(each, "step")};
      });
  return run;
}

json::object json_of(const LoggedModel& model) {
  return {{"model_id", text_of(model.id.str())},
          {"name", text_of(model.name)},
          {"status", text_of(logged_model_status_name(model.status))},
          {"creation_time", model.creation_time_ms},
          {"last_update_time", model.last_update_time_ms},
          {"model_type", text_of(model.model_type)},
          {"source_run_id", text_of(model.source_run_id.str())},
          {"tags", pairs(model.tags)},
          {"params", pairs(model.params)},
          {"metrics", array_of(model.metrics)}};
}

LoggedModel read_logged_model(FieldReader& fields, const json::object& object) {
  LoggedModel model;
  model.id = ModelId(fields.text(object, "model_id"));
  model.name = fields.text(object, "name");
  model.status = read_word(fields, object, "status", logged_model_status_from);
  model.creation_time_ms = fields.integer(object, "creation_time");
  model.last_update_time_ms = fields.integer(object, "last_update_time");
  model.model_type = fields.text(object, "model_type");
  model.source_run_id = RunId(fields.text(object, "source_run_id"));
  model.tags = read_pairs<Tag>(fields, object, "tags");
  model.params = read_pairs<Param>(fields, object, "params");
  model.metrics = fields.list<Metric>(object, "metrics", read_metric);
  return model;
}

json::object json_of(const RegisteredModel& model) {
  json::array aliases;
  for (const ModelAlias& alias : model.aliases) {
    aliases.emplace_back(
        json::object{{"alias", text_of(alias.alias)}, {"version", text_of(alias.version)}});
  }
  return {{"name", text_of(model.name)},
          {"description", text_of(model.description)},
          {"tags", pairs(model.tags)},
          {"aliases", std::move(aliases)}};
}

RegisteredModel read_registered_model(FieldReader& fields, const json::object& object) {
  RegisteredModel model;
  model.name = fields.text(object, "name");
  model.description = fields.text(object, "description");
  model.tags = read_pairs<Tag>(fields, object, "tags");
  model.aliases =
      fields.list<ModelAlias>(object, "aliases", [](FieldReader& reader, const json::object& each) {
        return ModelAlias{reader.text(each, "alias"), reader.text(each, "version")};
      });
  return model;
}

json::object json_of(const ModelVersion& version) {
  json::array aliases;
  for (const std::string& alias : version.aliases) {
    aliases.emplace_back(json::object{{"alias", text_of(alias)}});
  }
  return {{"name", text_of(version.name)},
          {"version", text_of(version.version)},
          {"creation_time", version.creation_time_ms},
          {"stage", text_of(stage_name(version.stage))},
          {"description", text_of(version.description)},
          {"source", text_of(version.source)},
          {"run_id", text_of(version.run_id.str())},
          {"run_link", text_of(version.run_link)},
          {"model_id", text_of(version.model_id.str())},
          {"tags", pairs(version.tags)},
          {"aliases", std::move(aliases)}};
}

ModelVersion read_version(FieldReader& fields, const json::object& object) {
  ModelVersion version;
  version.name = fields.text(object, "name");
  version.version = fields.text(object, "version");
  version.creation_time_ms = fields.integer(object, "creation_time");
  version.stage = read_word(fields, object, "stage", stage_from);
  version.description = fields.text(object, "description");
  version.source = fields.text(object, "source");
  version.run_id = RunId(fields.text(object, "run_id"));
  version.run_link = fields.text(object, "run_link");
  version.model_id = ModelId(fields.text(object, "model_id"));
  version.tags = read_pairs<Tag>(fields, object, "tags");
  version.aliases = fields.list<std::string>(
      object, "aliases",
      [](FieldReader& reader, const json::object& each) { return reader.text(each, "alias"); });
  return version;
}

}  // namespace liquid::tracking::transfer
