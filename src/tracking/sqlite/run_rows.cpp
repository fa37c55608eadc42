#include "tracking/sqlite/run_rows.h"

#include <limits>
#include <utility>

#include "tracking/names.h"

namespace liquid::tracking::sqlite {
namespace {

Result<void> read_metrics(Connection& connection, Run& run) {
  return connection.each(
      "SELECT key, value, timestamp, step, is_nan FROM latest_metrics WHERE run_uuid=?1 "
      "ORDER BY key",
      [&](const Query& row) { run.metrics.push_back(metric_of(row, 1, row.view(0))); },
      run.info.id.str());
}

Result<void> read_params_and_tags(Connection& connection, Run& run) {
  Result<void> read = connection.each(
      "SELECT key, value FROM params WHERE run_uuid=?1 ORDER BY key",
      [&](const Query& row) {
        run.params.push_back({row.text(0), row.text(1)});
      },
      run.info.id.str());
  if (!read) return read;
  return connection.each(
      "SELECT key, value FROM tags WHERE run_uuid=?1 ORDER BY key",
      [&](const Query& row) {
        run.tags.push_back({row.text(0), row.text(1)});
      },
      run.info.id.str());
}

DatasetInput dataset_of(const Query& row) {
  DatasetInput input;
  input.dataset.name = row.text(1);
  input.dataset.digest = row.text(2);
  input.dataset.source_type = row.text(3);
  input.dataset.source = row.text(4);
  input.dataset.schema = row.text(5);
  input.dataset.profile = row.text(6);
  return input;
}

// One row for each tag of an input, or one without a tag.
Result<void> read_datasets(Connection& connection, Run& run) {
  std::string last;
  return connection.each(
      "SELECT i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, "
      "d.dataset_schema, d.dataset_profile, t.name, t.value FROM inputs i "
      "JOIN datasets d ON d.dataset_uuid=i.source_id "
      "LEFT JOIN input_tags t ON t.input_uuid=i.input_uuid "
      "WHERE i.destination_type='RUN' AND i.destination_id=?1 AND i.source_type='DATASET' "
      "ORDER BY d.name, d.digest, i.input_uuid, t.name",
      [&](const Query& row) {
        if (run.dataset_inputs.empty() || row.view(0) != last) {
          run.dataset_inputs.push_back(dataset_of(row));
          last = row.text(0);
        }
        if (!row.is_null(7)) run.dataset_inputs.back().tags.push_back({row.text(7), row.text(8)});
      },
      run.info.id.str());
}

Result<void> read_models(Connection& connection, Run& run) {
  return connection.each(
      "SELECT source_type, destination_id, step FROM inputs WHERE source_id=?1 AND "
      "(source_type='RUN_INPUT' AND destination_type='MODEL_INPUT' OR "
      "source_type='RUN_OUTPUT' AND destination_type='MODEL_OUTPUT') ORDER BY rowid",
      [&](const Query& row) {
        if (row.view(0) == "RUN_INPUT") {
          run.model_inputs.emplace_back(row.text(1));
        } else {
          run.model_outputs.push_back({ModelId(row.text(1)), row.integer(2)});
        }
      },
      run.info.id.str());
}

}  // namespace

Metric metric_of(const Query& row, int first, std::string_view key) {
  Metric metric;
  metric.key = key;
  const bool is_nan = row.integer(first + 3) != 0;
  metric.value = is_nan ? std::numeric_limits<double>::quiet_NaN() : row.real(first);
  metric.timestamp_ms = row.integer(first + 1);
  metric.step = row.integer(first + 2);
  return metric;
}

Result<RunInfo> read_run_info(Connection& connection, const RunId& id) {
  std::optional<RunInfo> info;
  Result<void> read = connection.each(
      "SELECT experiment_id, name, user_id, status, start_time, end_time, artifact_uri, "
      "lifecycle_stage FROM runs WHERE run_uuid=?1",
      [&](const Query& row) {
        info.emplace();
        info->id = id;
        info->experiment_id = ExperimentId(std::to_string(row.integer(0)));
        info->name = row.text(1);
        info->user_id = row.text(2);
        info->status = run_status_from(row.view(3)).value_or(RunStatus::running);
        info->start_time_ms = row.integer(4);
        info->end_time_ms = row.maybe_integer(5);
        info->artifact_uri = row.text(6);
        info->stage = lifecycle_stage_from(row.view(7)).value_or(LifecycleStage::active);
      },
      id.str());
  if (!read) return std::move(read).error();
  if (!info) return Error{ErrorCode::not_found, "Run with id=" + id.str() + " not found"};
  return std::move(*info);
}

Result<RunInfo> require_active_run(Connection& connection, const RunId& id) {
  Result<RunInfo> info = read_run_info(connection, id);
  if (!info || info->stage == LifecycleStage::active) return info;
  return Error{ErrorCode::invalid_argument, "The run " + id.str() +
                                                " must be in the 'active' state. Current state is "
                                                "deleted."};
}

Result<Run> read_run(Connection& connection, const RunId& id) {
  Result<RunInfo> info = read_run_info(connection, id);
  if (!info) return std::move(info).error();
  Run run;
  run.info = std::move(*info);
  Result<void> read = read_metrics(connection, run);
  if (read) read = read_params_and_tags(connection, run);
  if (read) read = read_datasets(connection, run);
  if (read) read = read_models(connection, run);
  if (!read) return std::move(read).error();
  return run;
}

Result<std::optional<std::string>> read_run_tag(Connection& connection, const RunId& id,
                                                std::string_view key) {
  std::optional<std::string> value;
  Result<void> read = connection.each(
      "SELECT value FROM tags WHERE key=?2 AND run_uuid=?1",
      [&](const Query& row) { value = row.text(0); }, id.str(), key);
  if (!read) return std::move(read).error();
  return value;
}

Result<void> put_run_tag(Connection& connection, const RunId& id, const Tag& tag) {
  return connection.run(
      "INSERT INTO tags(key, value, run_uuid) VALUES (?1, ?2, ?3) "
      "ON CONFLICT(key, run_uuid) DO UPDATE SET value=excluded.value",
      tag.key, tag.value, id.str());
}

Result<void> put_run_name(Connection& connection, const RunId& id, std::string_view name) {
  Result<void> named = connection.run("UPDATE runs SET name=?2 WHERE run_uuid=?1", id.str(), name);
  if (!named) return named;
  return put_run_tag(connection, id, {std::string(kRunNameTag), std::string(name)});
}

}  // namespace liquid::tracking::sqlite
