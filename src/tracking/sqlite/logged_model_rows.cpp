#include "tracking/sqlite/logged_model_rows.h"

#include <utility>

namespace liquid::tracking::sqlite {
namespace {

constexpr std::string_view kVersionsTag = "mlflow.modelVersions";

Error model_not_found(const ModelId& id) {
  return Error{ErrorCode::not_found, "Logged model with ID '" + id.str() + "' not found."};
}

LoggedModelStatus status_from(std::int64_t number) {
  switch (number) {
    case 1: return LoggedModelStatus::pending;
    case 2: return LoggedModelStatus::ready;
    case 3: return LoggedModelStatus::upload_failed;
    default: return LoggedModelStatus::unspecified;
  }
}

Result<LoggedModel> read_row(Connection& connection, const ModelId& id, Deleted deleted) {
  Result<Query> row = connection.query(
      "SELECT experiment_id, name, artifact_location, status, status_message, "
      "creation_timestamp_ms, last_updated_timestamp_ms, model_type, source_run_id "
      "FROM logged_models WHERE model_id=?1 AND (?2 OR lifecycle_stage<>'deleted')");
  if (!row) return std::move(row).error();
  row->bind(id.str()).bind(std::int64_t{deleted == Deleted::seen});
  const Result<bool> found = row->next();
  if (!found) return found.error();
  if (!*found) return model_not_found(id);
  LoggedModel model;
  model.id = id;
  model.experiment_id = ExperimentId(row->text(0));
  model.name = row->text(1);
  model.artifact_uri = row->text(2);
  model.status = status_from(row->integer(3));
  model.status_message = row->text(4);
  model.creation_time_ms = row->integer(5);
  model.last_update_time_ms = row->integer(6);
  model.model_type = row->text(7);
  model.source_run_id = RunId(row->text(8));
  return model;
}

Result<void> read_metrics(Connection& connection, LoggedModel& model) {
  return connection.each(
      "SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, "
      "dataset_name, dataset_digest FROM logged_model_metrics WHERE model_id=?1 "
      "ORDER BY metric_name, metric_timestamp_ms, metric_step, run_id",
      [&](const Query& row) {
        Metric metric;
        metric.key = row.text(0);
        metric.value = row.real(1);
        metric.timestamp_ms = row.integer(2);
        metric.step = row.integer(3);
        metric.model_id = model.id;
        metric.run_id = RunId(row.text(4));
        metric.dataset_name = row.text(5);
        metric.dataset_digest = row.text(6);
        model.metrics.push_back(std::move(metric));
      },
      model.id.str());
}

Result<void> read_params_and_tags(Connection& connection, LoggedModel& model) {
  Result<void> params = connection.each(
      "SELECT param_key, param_value FROM logged_model_params WHERE model_id=?1 ORDER BY param_key",
      [&](const Query& row) {
        model.params.push_back({row.text(0), row.text(1)});
      },
      model.id.str());
  if (!params) return params;
  return connection.each(
      "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id=?1 ORDER BY tag_key",
      [&](const Query& row) {
        model.tags.push_back({row.text(0), row.text(1)});
      },
      model.id.str());
}

/// The tag's value with one more version; nothing when it is noted already. What is no JSON array
/// is replaced: the tag is MLflow's, not the user's.
Result<std::optional<std::string>> with_version(Connection& connection, const std::string& noted,
                                                std::string_view name, std::int64_t version) {
  Result<Query> row = connection.query(
      "SELECT CASE WHEN json_valid(?1) THEN json_type(?1)='array' ELSE 0 END, json_quote(?2), "
      "CASE WHEN json_valid(?1) THEN EXISTS (SELECT 1 FROM json_each(?1) WHERE type='object' "
      "AND json_extract(value,'$.name')=?2 AND json_extract(value,'$.version')=?3) ELSE 0 END");
  if (!row) return std::move(row).error();
  row->bind(noted).bind(name).bind(version);
  const Result<bool> there = row->next();
  if (!there) return there.error();
  if (row->integer(2) != 0) return std::optional<std::string>();
  const std::string entry =
      "{\"name\": " + row->text(1) + ", \"version\": " + std::to_string(version) + "}]";
  if (row->integer(0) == 0) return std::optional("[" + entry);
  std::string list = noted.substr(0, noted.rfind(']'));
  while (!list.empty() && list.back() == ' ') list.pop_back();
  return std::optional(list + (list.ends_with('[') ? "" : ", ") + entry);
}

}  // namespace

Result<LoggedModelPlace> find_logged_model(Connection& connection, const ModelId& id,
                                           Deleted deleted) {
  Result<Query> row = connection.query(
      "SELECT experiment_id, artifact_location, source_run_id FROM logged_models "
      "WHERE model_id=?1 AND (?2 OR lifecycle_stage<>'deleted')");
  if (!row) return std::move(row).error();
  row->bind(id.str()).bind(std::int64_t{deleted == Deleted::seen});
  const Result<bool> found = row->next();
  if (!found) return found.error();
  if (!*found) return model_not_found(id);
  return LoggedModelPlace{row->integer(0), row->text(1), RunId(row->text(2))};
}

Result<LoggedModel> read_logged_model(Connection& connection, const ModelId& id, Deleted deleted) {
  Result<LoggedModel> model = read_row(connection, id, deleted);
  if (!model) return model;
  Result<void> lists = read_params_and_tags(connection, *model);
  if (!lists) return std::move(lists).error();
  Result<void> metrics = read_metrics(connection, *model);
  if (!metrics) return std::move(metrics).error();
  return model;
}

Result<void> put_logged_model_tag(Connection& connection, const ModelId& id,
                                  std::int64_t experiment_id, const Tag& tag) {
  return connection.run(
      "INSERT INTO logged_model_tags(model_id, experiment_id, tag_key, tag_value) "
      "VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT(model_id, tag_key) DO UPDATE SET tag_value=excluded.tag_value",
      id.str(), experiment_id, tag.key, tag.value);
}

Result<void> note_model_version(Connection& connection, const ModelId& id, std::string_view name,
                                std::int64_t version) {
  const Result<LoggedModelPlace> place = find_logged_model(connection, id, Deleted::hidden);
  if (!place) return place.error();
  std::string noted = "[]";
  Result<void> read = connection.each(
      "SELECT tag_value FROM logged_model_tags WHERE model_id=?1 AND tag_key=?2",
      [&](const Query& row) { noted = row.text(0); }, id.str(), kVersionsTag);
  if (!read) return read;
  Result<std::optional<std::string>> list = with_version(connection, noted, name, version);
  if (!list) return std::move(list).error();
  if (!*list) return {};
  return put_logged_model_tag(connection, id, place->experiment_id,
                              {std::string(kVersionsTag), **list});
}

}  // namespace liquid::tracking::sqlite
