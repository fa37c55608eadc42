#include "tracking/sqlite/runs.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "tracking/names.h"
#include "tracking/sqlite/experiments.h"
#include "tracking/sqlite/identities.h"
#include "tracking/sqlite/metric_history.h"
#include "tracking/sqlite/run_log.h"
#include "tracking/sqlite/run_rows.h"
#include "tracking/sqlite/run_rules.h"
#include "tracking/sqlite/search_page.h"
#include "tracking/sqlite/uri_parts.h"

namespace liquid::tracking::sqlite {
namespace {

constexpr std::string_view kModelsTag = "mlflow.log-model.history";
constexpr std::string_view kUserTag = "mlflow.user";

std::string tag_value(const std::vector<Tag>& tags, std::string_view key) {
  std::string value;
  for (const Tag& tag : tags) {
    if (tag.key == key) value = tag.value;
  }
  return value;
}

Result<std::string> name_of(const NewRun& run) {
  std::string tagged = tag_value(run.tags, kRunNameTag);
  if (!run.name.empty() && !tagged.empty() && run.name != tagged) {
    return Error{ErrorCode::invalid_argument,
                 "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
                 "different values (run_name='" +
                     run.name + "', mlflow.runName='" + tagged + "')."};
  }
  if (!run.name.empty()) return run.name;
  return tagged.empty() ? new_name() : std::move(tagged);
}

Result<void> insert_row(Connection& connection, const NewRun& run, const RunId& id,
                        const std::string& name) {
  const Result<std::int64_t> experiment = experiment_number(run.experiment_id);
  if (!experiment) return experiment.error();
  const Result<std::string> location = active_experiment_location(connection, *experiment);
  if (!location) return location.error();
  return connection.run(
      "INSERT INTO runs(run_uuid, name, source_type, source_name, entry_point_name, user_id, "
      "status, start_time, source_version, lifecycle_stage, artifact_uri, experiment_id) "
      "VALUES (?1, ?2, 'UNKNOWN', '', '', ?3, 'RUNNING', ?4, '', 'active', ?5, ?6)",
      id.str(), name, run.user_id.empty() ? tag_value(run.tags, kUserTag) : run.user_id,
      run.start_time_ms, append_to_uri(*location, id.str() + "/artifacts"), *experiment);
}

Result<Run> insert(Connection& connection, const NewRun& run) {
  const Result<std::string> name = name_of(run);
  if (!name) return name.error();
  const RunId id(new_uuid());
  Result<void> done = insert_row(connection, run, id, *name);
  for (const Tag& tag : run.tags) {
    if (done) done = put_run_tag(connection, id, tag);
  }
  if (done) done = put_run_tag(connection, id, {std::string(kRunNameTag), *name});
  if (!done) return std::move(done).error();
  return read_run(connection, id);
}

Result<RunInfo> change(Connection& connection, const RunId& id, const RunUpdate& update) {
  const Result<RunInfo> run = require_active_run(connection, id);
  if (!run) return run;
  Result<void> done;
  if (update.status) {
    done = connection.run("UPDATE runs SET status=?2 WHERE run_uuid=?1", id.str(),
                          run_status_name(*update.status));
  }
  if (done && update.end_time_ms) {
    done = connection.run("UPDATE runs SET end_time=?2 WHERE run_uuid=?1", id.str(),
                          *update.end_time_ms);
  }
  if (done && update.name && !update.name->empty()) {
    done = put_run_name(connection, id, *update.name);
  }
  if (!done) return std::move(done).error();
  return read_run_info(connection, id);
}

Result<void> erase_tag(Connection& connection, const RunId& id, std::string_view key) {
  const Result<RunInfo> run = require_active_run(connection, id);
  if (!run) return run.error();
  Result<void> gone =
      connection.run("DELETE FROM tags WHERE key=?2 AND run_uuid=?1", id.str(), key);
  if (!gone) return gone;
  const Result<std::int64_t> changes = connection.changes();
  if (!changes) return changes.error();
  if (*changes > 0) return {};
  return Error{ErrorCode::not_found,
               "No tag with name: " + std::string(key) + " in run with id " + id.str()};
}

// The tag is a JSON list; the new record goes to its end.
std::string with_record(std::string_view list, std::string_view record) {
  const std::size_t end = list.find_last_of(']');
  if (end == std::string_view::npos) return "[" + std::string(record) + "]";
  std::string longer(list.substr(0, end));
  while (!longer.empty() && longer.back() == ' ') longer.pop_back();
  return longer + (longer.ends_with('[') ? "" : ", ") + std::string(record) + "]";
}

// Keys come again and again, so each is looked at once.
Result<void> check_metrics(const std::vector<Metric>& metrics) {
  std::unordered_set<std::string_view> good;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Metric& metric = metrics[i];
    const bool plain =
        metric.timestamp_ms >= 0 && metric.dataset_name.empty() && metric.dataset_digest.empty();
    if (plain && good.contains(metric.key)) continue;
    Result<void> checked = check_metric(metric, i, metrics.size());
    if (!checked) return checked;
    good.insert(metric.key);
  }
  return {};
}

// The keys first, then all runs of the page together.
Result<Page<Run>> page_of(Connection& connection, const CompiledSearch& search) {
  Result<Page<RunId>> keys = read_page<RunId>(
      connection, search, [](const Query& key) { return Result(RunId(key.text(0))); });
  if (!keys) return std::move(keys).error();
  Result<std::vector<Run>> runs = read_runs(connection, keys->items);
  if (!runs) return std::move(runs).error();
  return Page<Run>{std::move(*runs), std::move(keys->next_page_token)};
}

class SqliteRuns final : public RunStore {
 public:
  SqliteRuns(Session& session, const Settings& settings)
      : session_(session),
        long_values_(settings.truncate_long_values ? LongValues::truncate : LongValues::refuse) {}

  Result<Run> create(const NewRun& run) override {
    NewRun checked = run;
    Result<void> good = check_tags(checked.tags, long_values_);
    if (!good) return std::move(good).error();
    return session_.write([&](Connection& connection) { return insert(connection, checked); });
  }

  Result<Run> get(const RunId& id) override {
    return session_.read([&](Connection& connection) { return read_run(connection, id); });
  }

  Result<RunInfo> update(const RunId& id, const RunUpdate& update) override {
    return session_.write([&](Connection& connection) { return change(connection, id, update); });
  }

  Result<void> remove(const RunId& id) override {
    return move(id, "UPDATE runs SET lifecycle_stage='deleted', deleted_time=?2 WHERE run_uuid=?1",
                session_.now_ms());
  }
  Result<void> restore(const RunId& id) override {
    return move(id, "UPDATE runs SET lifecycle_stage='active', deleted_time=?2 WHERE run_uuid=?1",
                std::nullopt);
  }

  Result<Page<Run>> search(const RunQuery& query) override {
    for (const ExperimentId& id : query.experiment_ids) {
      const Result<std::int64_t> number = experiment_number(id);
      if (!number) return number.error();
    }
    const Result<CompiledSearch> search = compile_search(query);
    if (!search) return search.error();
    return session_.read([&](Connection& connection) { return page_of(connection, *search); });
  }

  Result<void> log_batch(const RunId& id, const Batch& batch) override {
    Result<void> good = check_metrics(batch.metrics);
    if (!good) return good;
    if (batch.params.empty() && batch.tags.empty()) return write(id, batch);
    Batch checked = batch;
    good = check_params(checked.params, long_values_);
    if (good) good = check_tags(checked.tags, long_values_);
    if (!good) return good;
    return write(id, checked);
  }

  Result<void> delete_tag(const RunId& id, std::string_view key) override {
    return session_.write([&](Connection& connection) { return erase_tag(connection, id, key); });
  }

  Result<void> log_inputs(const RunId& id, const std::vector<DatasetInput>& datasets,
                          const std::vector<ModelId>& models) override {
    for (const DatasetInput& input : datasets) {
      Result<void> good = check_dataset_input(input);
      if (!good) return good;
    }
    return session_.write([&](Connection& connection) -> Result<void> {
      const Result<RunInfo> run = require_active_run(connection, id);
      if (!run) return run.error();
      Result<void> written = write_dataset_inputs(connection, *run, datasets);
      if (!written) return written;
      return write_model_inputs(connection, id, models);
    });
  }

  Result<void> log_outputs(const RunId& id, const std::vector<ModelOutput>& models) override {
    return session_.write([&](Connection& connection) -> Result<void> {
      const Result<RunInfo> run = require_active_run(connection, id);
      if (!run) return run.error();
      return write_model_outputs(connection, id, models);
    });
  }

  Result<void> record_model(const RunId& id, std::string_view model_json) override {
    return session_.write([&](Connection& connection) -> Result<void> {
      const Result<RunInfo> run = require_active_run(connection, id);
      if (!run) return run.error();
      const auto before = read_run_tag(connection, id, kModelsTag);
      if (!before) return before.error();
      std::vector<Tag> tags = {
          {std::string(kModelsTag), with_record(before->value_or(""), model_json)}};
      // Half a list is no list: a history that is full refuses the next record.
      Result<void> good = check_tags(tags, LongValues::refuse);
      if (!good) return good;
      return put_run_tag(connection, id, tags.front());
    });
  }

  Result<Page<Metric>> metric_history(const HistoryQuery& query) override {
    return session_.read([&](Connection& connection) { return read_history(connection, query); });
  }

  Result<std::vector<Metric>> sampled_history(const SampledHistoryQuery& query) override {
    return session_.read(
        [&](Connection& connection) { return read_sampled_history(connection, query); });
  }

 private:
  Result<void> write(const RunId& id, const Batch& batch) {
    return session_.write([&](Connection& connection) -> Result<void> {
      const Result<RunInfo> run = require_active_run(connection, id);
      if (!run) return run.error();
      return write_batch(connection, *run, batch);
    });
  }

  Result<void> move(const RunId& id, std::string_view sql, std::optional<std::int64_t> when) {
    return session_.write([&](Connection& connection) -> Result<void> {
      const Result<RunInfo> run = read_run_info(connection, id);
      if (!run) return run.error();
      return connection.run(sql, id.str(), when);
    });
  }

  Session& session_;
  const LongValues long_values_;
};

}  // namespace

std::unique_ptr<RunStore> make_run_store(Session& session, const Settings& settings) {
  return std::make_unique<SqliteRuns>(session, settings);
}

}  // namespace liquid::tracking::sqlite
