#include "tracking/transfer/export_format.h"

#include <cctype>
#include <utility>

#include "tracking/transfer/export_json.h"

// An export folder holds runs of one experiment:
//
//   export.json                  head; written last: without it the export is not complete
//   runs/RUN-ID/run.json         run
//   runs/RUN-ID/metrics.jsonl    point LF …      every point of every metric, in no promised order
//   runs/RUN-ID/artifacts/…      the run's files, when they were exported
//   models/MODEL-ID/model.json   model           a logged model
//   models/MODEL-ID/artifacts/…  its files
//   runs/.RUN-ID.partial, models/.MODEL-ID.partial    what a broken export left; not read
//
// All JSON is UTF-8. Absent text is "", absent integers are 0, absent arrays empty, unknown fields
// are ignored; times are milliseconds since 1970 UTC.
//
//   head   = {"format": "liquid-tracking-export", "version": 1, "source": text,
//             "experiment": {"experiment_id", "name", "creation_time", "last_update_time", "tags"},
//             "runs": [{"run_id": text} …], "models": [{"model_id": text} …],
//             "registered_models": [{"name", "description", "tags",
//                                    "aliases": [{"alias", "version"} …]} …],
//             "versions": [{"name", "version", "creation_time", "stage", "description", "source",
//                           "run_id", "run_link", "model_id", "tags", "aliases": [{"alias"} …]} …]}
//   run    = {"run_id", "run_name", "user_id", "status", "lifecycle_stage", "start_time",
//             "end_time"?: integer, "params": pairs, "tags": pairs, "metrics": [point …],
//             "datasets": [{"name", "digest", "source_type", "source", "schema", "profile",
//                           "tags"} …],
//             "model_inputs": [{"model_id"} …], "model_outputs": [{"model_id", "step"} …]}
//             "metrics" are the latest points
//   model  = {"model_id", "name", "status", "creation_time", "last_update_time", "model_type",
//             "source_run_id", "tags": pairs, "params": pairs, "metrics": [point …]}
//   point  = {"key": text, "value": value, "timestamp": integer, "step": integer,
//             "model_id"?, "dataset_name"?, "dataset_digest"?, "run_id"?}
//   value  = text: a decimal number (1e-05), "NaN", "Infinity" or "-Infinity"
//   pairs  = [{"key": text, "value": text} …]
//
// Statuses and stages are spelled as in MLflow ("FINISHED", "LOGGED_MODEL_READY", "Production").

namespace liquid::tracking::transfer {
namespace {

namespace json = boost::json;
constexpr std::string_view kFormat = "liquid-tracking-export";
constexpr std::int64_t kVersion = 1;

Result<json::object> parse_object(std::string_view text) {
  json::error_code failure;
  json::value value = json::parse(json::string_view(text.data(), text.size()), failure);
  if (failure) return Error{ErrorCode::data_corrupt, "is not JSON: " + failure.message()};
  if (!value.is_object()) return Error{ErrorCode::data_corrupt, "is no JSON object"};
  return std::move(value.get_object());
}

template <typename Entity>
Result<Entity> parse_with(std::string_view text,
                          Entity (*read)(FieldReader&, const json::object&)) {
  const Result<json::object> object = parse_object(text);
  if (!object) return object.error();
  FieldReader fields;
  Entity entity = read(fields, *object);
  if (!fields.problem().empty()) return Error{ErrorCode::data_corrupt, fields.problem()};
  return entity;
}

template <typename TypedId>
json::array ids(const char* key, const std::vector<TypedId>& list) {
  json::array array;
  for (const TypedId& id : list) array.emplace_back(json::object{{key, id.str()}});
  return array;
}

template <typename TypedId>
std::vector<TypedId> read_ids(FieldReader& fields, const json::object& object,
                              std::string_view list, std::string_view key) {
  auto found = fields.list<TypedId>(object, list, [&](FieldReader& reader, const auto& each) {
    return TypedId(reader.text(each, key));
  });
  for (const TypedId& id : found) {
    if (!check_file_name(id.str())) fields.wrong(key, "an id");
  }
  return found;
}

ExportHead read_head(FieldReader& fields, const json::object& object) {
  ExportHead head;
  head.source = fields.text(object, "source");
  head.experiment = read_experiment(fields, fields.object(object, "experiment"));
  head.runs = read_ids<RunId>(fields, object, "runs", "run_id");
  head.models = read_ids<ModelId>(fields, object, "models", "model_id");
  head.registered_models =
      fields.list<RegisteredModel>(object, "registered_models", read_registered_model);
  head.versions = fields.list<ModelVersion>(object, "versions", read_version);
  return head;
}

Result<void> check_version(std::string_view text) {
  const Result<json::object> object = parse_object(text);
  if (!object) return object.error();
  FieldReader fields;
  if (fields.text(*object, "format") != kFormat) {
    return Error{ErrorCode::data_corrupt, "is not the head of an export of experiments"};
  }
  const std::int64_t version = fields.integer(*object, "version");
  if (version == kVersion) return {};
  return Error{ErrorCode::unsupported, "has version " + std::to_string(version) +
                                           " of the format; this program reads version " +
                                           std::to_string(kVersion)};
}

}  // namespace

std::string write_head(const ExportHead& head) {
  json::array models;
  for (const RegisteredModel& model : head.registered_models) models.emplace_back(json_of(model));
  json::array versions;
  for (const ModelVersion& version : head.versions) versions.emplace_back(json_of(version));
  const json::object object{{"format", json::string_view(kFormat.data(), kFormat.size())},
                            {"version", kVersion},
                            {"source", head.source},
                            {"experiment", json_of(head.experiment)},
                            {"runs", ids("run_id", head.runs)},
                            {"models", ids("model_id", head.models)},
                            {"registered_models", std::move(models)},
                            {"versions", std::move(versions)}};
  return json::serialize(object) + "\n";
}

Result<ExportHead> parse_head(std::string_view text) {
  if (Result<void> known = check_version(text); !known) return std::move(known).error();
  return parse_with<ExportHead>(text, read_head);
}

std::string write_run(const Run& run) { return json::serialize(json_of(run)) + "\n"; }
Result<Run> parse_run(std::string_view text) { return parse_with<Run>(text, read_run); }

std::string write_model(const LoggedModel& model) { return json::serialize(json_of(model)) + "\n"; }
Result<LoggedModel> parse_model(std::string_view text) {
  return parse_with<LoggedModel>(text, read_logged_model);
}

std::string write_point(const Metric& point) { return json::serialize(json_of(point)); }
Result<Metric> parse_point(std::string_view line) { return parse_with<Metric>(line, read_metric); }

Result<void> check_file_name(std::string_view id) {
  bool plain = !id.empty() && id.size() <= 128;
  for (const char c : id) {
    plain = plain && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_');
  }
  if (plain) return {};
  return Error{ErrorCode::data_corrupt, "'" + std::string(id) + "' is no id"};
}

}  // namespace liquid::tracking::transfer
