#include "tracking/sqlite/run_rows.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "tracking/names.h"

namespace liquid::tracking::sqlite {
namespace {

// The runs that are read together, found again by their ids.
struct Batch {
  std::vector<Run> runs;
  std::unordered_map<std::string_view, std::size_t> places;  // into `runs`, by the ids there
  std::string ids;                                           // a JSON list, for one parameter

  // Rows of one run come one after another.
  Run& at(const Query& row) {
    const std::string_view id = row.view(0);
    if (last == nullptr || last->info.id.str() != id) last = &runs[places.find(id)->second];
    return *last;
  }

  Run* last = nullptr;
};

// `sql` selects run_uuid first and ends with the test that the id is in the list ?1.
template <typename OnRow>
Result<void> each_of(Connection& connection, Batch& batch, std::string_view sql, OnRow&& on_row) {
  return connection.each(
      std::string(sql) + " IN (SELECT value FROM json_each(?1))",
      [&](const Query& row) { on_row(batch.at(row), row); }, batch.ids);
}

template <typename Entries>
void sort_by_key(Entries& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
}

Result<void> read_values(Connection& connection, Batch& batch) {
  Result<void> read = each_of(
      connection, batch,
      "SELECT run_uuid, key, value, timestamp, step, is_nan FROM latest_metrics WHERE run_uuid",
      [](Run& run, const Query& row) { run.metrics.push_back(metric_of(row, 2, row.view(1))); });
  if (!read) return read;
  read = each_of(connection, batch, "SELECT run_uuid, key, value FROM params WHERE run_uuid",
                 [](Run& run, const Query& row) {
                   run.params.push_back({row.text(1), row.text(2)});
                 });
  if (!read) return read;
  return each_of(connection, batch, "SELECT run_uuid, key, value FROM tags WHERE run_uuid",
                 [](Run& run, const Query& row) {
                   run.tags.push_back({row.text(1), row.text(2)});
                 });
}

DatasetInput dataset_of(const Query& row) {
  DatasetInput input;
  input.dataset.name = row.text(2);
  input.dataset.digest = row.text(3);
  input.dataset.source_type = row.text(4);
  input.dataset.source = row.text(5);
  input.dataset.schema = row.text(6);
  input.dataset.profile = row.text(7);
  return input;
}

// One row for each tag of an input, or one without a tag.
Result<void> read_datasets(Connection& connection, Batch& batch) {
  std::string last;
  return connection.each(
      "SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, "
      "d.dataset_source, d.dataset_schema, d.dataset_profile, t.name, t.value FROM inputs i "
      "JOIN datasets d ON d.dataset_uuid=i.source_id "
      "LEFT JOIN input_tags t ON t.input_uuid=i.input_uuid "
      "WHERE i.destination_type='RUN' AND i.source_type='DATASET' AND i.destination_id IN "
      "(SELECT value FROM json_each(?1)) "
      "ORDER BY i.destination_id, d.name, d.digest, i.input_uuid, t.name",
      [&](const Query& row) {
        Run& run = batch.at(row);
        if (row.view(1) != last) {
          run.dataset_inputs.push_back(dataset_of(row));
          last = row.text(1);
        }
        if (!row.is_null(8)) run.dataset_inputs.back().tags.push_back({row.text(8), row.text(9)});
      },
      batch.ids);
}

Result<void> read_models(Connection& connection, Batch& batch) {
  return connection.each(
      "SELECT source_id, destination_id, step, source_type FROM inputs WHERE "
      "(source_type='RUN_INPUT' AND destination_type='MODEL_INPUT' OR "
      "source_type='RUN_OUTPUT' AND destination_type='MODEL_OUTPUT') AND source_id IN "
      "(SELECT value FROM json_each(?1)) ORDER BY rowid",
      [&](const Query& row) {
        Run& run = batch.at(row);
        if (row.view(3) == "RUN_INPUT") {
          run.model_inputs.emplace_back(row.text(1));
        } else {
          run.model_outputs.push_back({ModelId(row.text(1)), row.integer(2)});
        }
      },
      batch.ids);
}

RunInfo info_of(const Query& row) {
  RunInfo info;
  info.id = RunId(row.text(0));
  info.experiment_id = ExperimentId(std::to_string(row.integer(1)));
  info.name = row.text(2);
  info.user_id = row.text(3);
  info.status = run_status_from(row.view(4)).value_or(RunStatus::running);
  info.start_time_ms = row.integer(5);
  info.end_time_ms = row.maybe_integer(6);
  info.artifact_uri = row.text(7);
  info.stage = lifecycle_stage_from(row.view(8)).value_or(LifecycleStage::active);
  return info;
}

constexpr std::size_t kUsualEntries = 32;  // so that most lists grow once

constexpr std::string_view kSelectInfo =
    "SELECT run_uuid, experiment_id, name, user_id, status, start_time, end_time, artifact_uri, "
    "lifecycle_stage FROM runs WHERE run_uuid";

Error run_not_found(const RunId& id) {
  return {ErrorCode::not_found, "Run with id=" + id.str() + " not found"};
}

Result<Batch> read_infos(Connection& connection, const std::vector<RunId>& ids) {
  Batch batch;
  batch.runs.resize(ids.size());
  batch.ids = "[";
  for (std::size_t i = 0; i < ids.size(); ++i) {
    batch.places.emplace(ids[i].str(), i);
    if (i > 0) batch.ids += ',';
    append_json_string(batch.ids, ids[i].str());
  }
  batch.ids += ']';
  Result<void> read = connection.each(
      std::string(kSelectInfo) + " IN (SELECT value FROM json_each(?1))",
      [&batch](const Query& row) {
        Run& run = batch.runs[batch.places.find(row.view(0))->second];
        run.info = info_of(row);
        run.metrics.reserve(kUsualEntries);
        run.params.reserve(kUsualEntries);
      },
      batch.ids);
  if (!read) return std::move(read).error();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (batch.runs[i].info.id.empty()) return run_not_found(ids[i]);
  }
  return batch;
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
      std::string(kSelectInfo) + "=?1", [&](const Query& row) { info = info_of(row); }, id.str());
  if (!read) return std::move(read).error();
  if (!info) return run_not_found(id);
  return std::move(*info);
}

Result<RunInfo> require_active_run(Connection& connection, const RunId& id) {
  Result<RunInfo> info = read_run_info(connection, id);
  if (!info || info->stage == LifecycleStage::active) return info;
  return Error{ErrorCode::invalid_argument, "The run " + id.str() +
                                                " must be in the 'active' state. Current state is "
                                                "deleted."};
}

Result<std::vector<Run>> read_runs(Connection& connection, const std::vector<RunId>& ids) {
  Result<Batch> batch = read_infos(connection, ids);
  if (!batch) return std::move(batch).error();
  Result<void> read = read_values(connection, *batch);
  if (read) read = read_datasets(connection, *batch);
  if (read) read = read_models(connection, *batch);
  if (!read) return std::move(read).error();
  for (Run& run : batch->runs) {
    sort_by_key(run.metrics);
    sort_by_key(run.params);
    sort_by_key(run.tags);
  }
  return std::move(batch->runs);
}

Result<Run> read_run(Connection& connection, const RunId& id) {
  Result<std::vector<Run>> runs = read_runs(connection, {id});
  if (!runs) return std::move(runs).error();
  return std::move(runs->front());
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
