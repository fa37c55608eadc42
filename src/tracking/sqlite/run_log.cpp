#include "tracking/sqlite/run_log.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "tracking/sqlite/identities.h"
#include "tracking/sqlite/run_rows.h"

namespace liquid::tracking::sqlite {
namespace {

// What a float column can hold: NaN is 0 with a mark, infinities are the largest numbers.
struct StoredValue {
  double value = 0.0;
  std::int64_t is_nan = 0;
};

StoredValue stored(double value) {
  if (std::isnan(value)) return {0.0, 1};
  if (std::isinf(value)) return {std::copysign(std::numeric_limits<double>::max(), value), 0};
  return {value, 0};
}

// In the order of the table's primary key, so that neighbours in the file are written together.
std::vector<const Metric*> in_key_order(const std::vector<Metric>& metrics) {
  std::vector<const Metric*> order;
  order.reserve(metrics.size());
  for (const Metric& metric : metrics) order.push_back(&metric);
  std::stable_sort(order.begin(), order.end(), [](const Metric* a, const Metric* b) {
    const int keys = a->key.compare(b->key);
    if (keys != 0) return keys < 0;
    return std::tie(a->timestamp_ms, a->step) < std::tie(b->timestamp_ms, b->step);
  });
  return order;
}

// Rows per statement: the start of a statement (four cursors to open) costs as much as a row.
constexpr std::size_t kRows = 64;

// INSERT … VALUES (key, value, timestamp, run, step, is_nan), …; the run is parameter 1.
std::string insert_sql(std::size_t rows) {
  std::string sql =
      "INSERT OR IGNORE INTO metrics(key, value, timestamp, run_uuid, step, is_nan) VALUES ";
  for (std::size_t row = 0; row < rows; ++row) {
    const auto parameter = [first = 2 + 5 * row](std::size_t index) {
      return "?" + std::to_string(first + index);
    };
    sql += (row == 0 ? "(" : ", (") + parameter(0) + ", " + parameter(1) + ", " + parameter(2) +
           ", ?1, " + parameter(3) + ", " + parameter(4) + ")";
  }
  return sql;
}

using MetricSpan = std::span<const Metric* const>;

Result<void> write_rows(Query& insert, const RunId& run, MetricSpan metrics) {
  insert.bind(run.str());
  for (const Metric* metric : metrics) {
    const StoredValue value = stored(metric->value);
    insert.bind(metric->key).bind(value.value).bind(metric->timestamp_ms);
    insert.bind(metric->step).bind(value.is_nan);
  }
  return insert.run();
}

Result<void> write_points(Connection& connection, const RunId& run, MetricSpan metrics) {
  // Not static: recorders write until the end of the process, after statics are gone.
  const std::string many = metrics.size() >= kRows ? insert_sql(kRows) : std::string();
  const std::string single = insert_sql(1);
  while (!metrics.empty()) {
    const bool whole = metrics.size() >= kRows;
    Result<Query> insert = connection.query(whole ? many : single);
    if (!insert) return std::move(insert).error();
    const std::size_t rows = whole ? kRows : 1;
    for (; metrics.size() >= rows && !metrics.empty(); metrics = metrics.subspan(rows)) {
      Result<void> written = write_rows(*insert, run, metrics.first(rows));
      if (!written) return written;
    }
  }
  return {};
}

bool is_later(const Metric& a, const Metric& b) {
  return std::make_tuple(a.step, a.timestamp_ms, stored(a.value).value) >
         std::make_tuple(b.step, b.timestamp_ms, stored(b.value).value);
}

Result<void> write_latest(Connection& connection, const RunId& run,
                          const std::vector<const Metric*>& metrics) {
  std::unordered_map<std::string_view, const Metric*> latest;
  for (const Metric* metric : metrics) {
    const auto [at, added] = latest.emplace(metric->key, metric);
    if (!added && is_later(*metric, *at->second)) at->second = metric;
  }
  for (const auto& [key, metric] : latest) {
    const StoredValue value = stored(metric->value);
    Result<void> written = connection.run(
        "INSERT INTO latest_metrics(key, value, timestamp, step, is_nan, run_uuid) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(key, run_uuid) DO UPDATE SET "
        "value=excluded.value, timestamp=excluded.timestamp, step=excluded.step, "
        "is_nan=excluded.is_nan WHERE (excluded.step, excluded.timestamp, excluded.value) > "
        "(step, timestamp, value)",
        key, value.value, metric->timestamp_ms, metric->step, value.is_nan, run.str());
    if (!written) return written;
  }
  return {};
}

Result<void> write_model_points(Connection& connection, const RunInfo& run,
                                const std::vector<Metric>& metrics) {
  for (const Metric& metric : metrics) {
    if (metric.model_id.empty()) continue;
    Result<void> written = connection.run(
        "INSERT OR IGNORE INTO logged_model_metrics(model_id, metric_name, metric_timestamp_ms, "
        "metric_step, metric_value, experiment_id, run_id, dataset_name, dataset_digest) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        metric.model_id.str(), metric.key, metric.timestamp_ms, metric.step,
        stored(metric.value).value, run.experiment_id.str(), run.id.str(),
        or_null(metric.dataset_name), or_null(metric.dataset_digest));
    if (!written) return written;
  }
  return {};
}

Result<void> write_param(Connection& connection, const RunId& run, const Param& param) {
  std::optional<std::string> logged;
  Result<void> done = connection.each(
      "SELECT value FROM params WHERE key=?2 AND run_uuid=?1",
      [&](const Query& row) { logged = row.text(0); }, run.str(), param.key);
  if (!done || logged == param.value) return done;
  if (logged) {
    return Error{ErrorCode::invalid_argument,
                 "Changing param values is not allowed. Params were already logged='[{'key': '" +
                     param.key + "', 'old_value': '" + *logged + "', 'new_value': '" + param.value +
                     "'}]' for run ID='" + run.str() + "'."};
  }
  return connection.run("INSERT INTO params(key, value, run_uuid) VALUES (?1, ?2, ?3)", param.key,
                        param.value, run.str());
}

Result<void> write_tag(Connection& connection, const RunId& run, const Tag& tag) {
  return tag.key == kRunNameTag ? put_run_name(connection, run, tag.value)
                                : put_run_tag(connection, run, tag);
}

Result<std::string> dataset_uuid(Connection& connection, const RunInfo& run,
                                 const Dataset& dataset) {
  std::string uuid;
  Result<void> done = connection.each(
      "SELECT dataset_uuid FROM datasets WHERE experiment_id=?1 AND name=?2 AND digest=?3",
      [&](const Query& row) { uuid = row.text(0); }, run.experiment_id.str(), dataset.name,
      dataset.digest);
  if (done && uuid.empty()) {
    uuid = new_uuid();
    done = connection.run(
        "INSERT INTO datasets(dataset_uuid, experiment_id, name, digest, dataset_source_type, "
        "dataset_source, dataset_schema, dataset_profile) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        uuid, run.experiment_id.str(), dataset.name, dataset.digest, dataset.source_type,
        dataset.source, or_null(dataset.schema), or_null(dataset.profile));
  }
  if (!done) return std::move(done).error();
  return uuid;
}

// The first call decides about the tags; MLflow leaves an input alone that is there.
Result<void> write_dataset_input(Connection& connection, const RunInfo& run,
                                 const DatasetInput& input) {
  const Result<std::string> dataset = dataset_uuid(connection, run, input.dataset);
  if (!dataset) return dataset.error();
  const std::string uuid = new_uuid();
  Result<void> done = connection.run(
      "INSERT OR IGNORE INTO inputs(input_uuid, source_type, source_id, destination_type, "
      "destination_id) VALUES (?1, 'DATASET', ?2, 'RUN', ?3)",
      uuid, *dataset, run.id.str());
  if (!done) return done;
  const Result<std::int64_t> added = connection.changes();
  if (!added) return added.error();
  if (*added == 0) return {};
  for (const Tag& tag : input.tags) {
    done = connection.run(
        "INSERT INTO input_tags(input_uuid, name, value) VALUES (?1, ?2, ?3) "
        "ON CONFLICT(input_uuid, name) DO UPDATE SET value=excluded.value",
        uuid, tag.key, tag.value);
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<void> write_batch(Connection& connection, const RunInfo& run, const Batch& batch) {
  for (const Param& param : batch.params) {
    Result<void> written = write_param(connection, run.id, param);
    if (!written) return written;
  }
  const std::vector<const Metric*> metrics = in_key_order(batch.metrics);
  Result<void> written = write_points(connection, run.id, metrics);
  if (written) written = write_latest(connection, run.id, metrics);
  if (written) written = write_model_points(connection, run, batch.metrics);
  for (const Tag& tag : batch.tags) {
    if (written) written = write_tag(connection, run.id, tag);
  }
  return written;
}

Result<void> write_dataset_inputs(Connection& connection, const RunInfo& run,
                                  const std::vector<DatasetInput>& datasets) {
  for (const DatasetInput& input : datasets) {
    Result<void> written = write_dataset_input(connection, run, input);
    if (!written) return written;
  }
  return {};
}

Result<void> write_model_inputs(Connection& connection, const RunId& run,
                                const std::vector<ModelId>& models) {
  for (const ModelId& model : models) {
    Result<void> written = connection.run(
        "INSERT OR IGNORE INTO inputs(input_uuid, source_type, source_id, destination_type, "
        "destination_id) VALUES (?1, 'RUN_INPUT', ?2, 'MODEL_INPUT', ?3)",
        new_uuid(), run.str(), model.str());
    if (!written) return written;
  }
  return {};
}

// MLflow's own store fails when an output is told twice; here the later step counts, so that a call
// whose answer was lost may be repeated.
Result<void> write_model_outputs(Connection& connection, const RunId& run,
                                 const std::vector<ModelOutput>& models) {
  for (const ModelOutput& model : models) {
    Result<void> written = connection.run(
        "INSERT INTO inputs(input_uuid, source_type, source_id, destination_type, "
        "destination_id, step) VALUES (?1, 'RUN_OUTPUT', ?2, 'MODEL_OUTPUT', ?3, ?4) "
        "ON CONFLICT(source_type, source_id, destination_type, destination_id) "
        "DO UPDATE SET step=excluded.step",
        new_uuid(), run.str(), model.model_id.str(), model.step);
    if (!written) return written;
  }
  return {};
}

}  // namespace liquid::tracking::sqlite
