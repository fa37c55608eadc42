#include "cli/run_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/tracking_json.h"
#include "cli/tracking_views.h"
#include "tracking/names.h"

namespace liquid::cli {
namespace {

using tracking::Run;

// What the table shows anyway, and long tags that only programs read.
bool is_for_programs(const std::string& key) {
  return key == "mlflow.runName" || key == "mlflow.log-model.history" || key == "mlflow.user" ||
         key == "mlflow.loggedArtifacts";
}

template <typename Entries>
std::string value_of(const Entries& entries, std::string_view key) {
  for (const auto& entry : entries) {
    if (entry.key == key) return entry.value;
  }
  return {};
}

std::string metric_of(const Run& run, std::string_view key, Digits digits) {
  for (const tracking::Metric& metric : run.metrics) {
    if (metric.key == key) return number_text(metric.value, digits);
  }
  return {};
}

std::string attribute_of(const Run& run, std::string_view key) {
  if (key == "user_id") return run.info.user_id;
  if (key == "artifact_uri") return run.info.artifact_uri;
  if (key == "experiment_id") return run.info.experiment_id.str();
  if (key == "end_time") return readable_time(run.info.end_time_ms.value_or(0));
  return {};
}

// `params.a`, `metrics."a b"`, tags.`x`: kind and bare key.
struct ColumnKey {
  std::string_view kind;
  std::string_view key;
};

ColumnKey split_key(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return {"attributes", text};
  ColumnKey parts{text.substr(0, dot), text.substr(dot + 1)};
  const bool quoted = parts.key.size() > 1 && parts.key.front() == parts.key.back() &&
                      (parts.key.front() == '"' || parts.key.front() == '`');
  if (quoted) parts.key = parts.key.substr(1, parts.key.size() - 2);
  return parts;
}

std::string cell_of(const Run& run, std::string_view text, Digits digits) {
  const ColumnKey column = split_key(text);
  if (column.kind.starts_with("metric")) return metric_of(run, column.key, digits);
  if (column.kind.starts_with("param")) return value_of(run.params, column.key);
  if (column.kind.starts_with("tag")) return value_of(run.tags, column.key);
  return attribute_of(run, column.key);
}

bool is_shown_anyway(std::string_view key) {
  const ColumnKey column = split_key(key);
  return column.kind.starts_with("attr") && (column.key == "start_time" || column.key == "run_id" ||
                                             column.key == "run_name" || column.key == "status");
}

std::string metrics_table(const Run& run) {
  std::vector<std::vector<std::string>> rows;
  for (const tracking::Metric& metric : run.metrics) {
    rows.push_back({metric.key, readable_number(metric.value), std::to_string(metric.step)});
  }
  const std::vector<Column> head = {{"METRIC"}, {"LATEST", Align::right}, {"STEP", Align::right}};
  return rows.empty() ? "" : "\n" + table(head, rows, std::nullopt);
}

template <typename Pairs>
std::string pairs_table(const char* title, const Pairs& pairs) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& pair : pairs) {
    if (!is_for_programs(pair.key)) rows.push_back({pair.key, pair.value});
  }
  return rows.empty() ? "" : "\n" + table({{title}, {"VALUE"}}, rows, std::nullopt);
}

std::string datasets_table(const Run& run) {
  std::vector<std::vector<std::string>> rows;
  for (const tracking::DatasetInput& input : run.dataset_inputs) {
    rows.push_back({input.dataset.name, input.dataset.digest,
                    value_of(input.tags, "mlflow.data.context"), input.dataset.source_type});
  }
  const std::vector<Column> head = {{"DATASET"}, {"DIGEST"}, {"CONTEXT"}, {"SOURCE"}};
  return rows.empty() ? "" : "\n" + table(head, rows, std::nullopt);
}

}  // namespace

std::int64_t unix_milliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string duration_of(const tracking::RunInfo& run, std::int64_t now_ms) {
  const bool running = run.status == tracking::RunStatus::running && !run.end_time_ms;
  if (!running && !run.end_time_ms) return {};
  const std::int64_t end = running ? now_ms : *run.end_time_ms;
  return readable_seconds(static_cast<double>(end - run.start_time_ms) / 1000.0);
}

std::vector<std::string> keys_of_order(const std::vector<std::string>& order_by) {
  std::vector<std::string> keys;
  for (std::string key : order_by) {
    const std::size_t blank = key.find_last_of(' ');
    const std::string last = blank == std::string::npos ? "" : key.substr(blank + 1);
    if (last == "ASC" || last == "DESC" || last == "asc" || last == "desc") key.resize(blank);
    while (!key.empty() && key.back() == ' ') key.pop_back();
    if (!is_shown_anyway(key)) keys.push_back(std::move(key));
  }
  return keys;
}

Listing runs_listing(const std::vector<Run>& runs, const std::vector<std::string>& keys,
                     Digits digits) {
  Listing listing;
  // Half a date says little, while a shortened id still finds its run.
  listing.head = {{"RUN"}, {"NAME"}, {"STATUS"}, {"STARTED", Align::right}, {"TOOK", Align::right}};
  for (const std::string& key : keys) {
    const Align align = key.starts_with("metric") ? Align::right : Align::left;
    listing.head.push_back({std::string(split_key(key).key), align});
  }
  const std::int64_t now = unix_milliseconds();
  for (const Run& run : runs) {
    std::vector<std::string> row = {
        run.info.id.str(), run.info.name, std::string(tracking::run_status_name(run.info.status)),
        readable_time(run.info.start_time_ms), duration_of(run.info, now)};
    for (const std::string& key : keys) row.push_back(cell_of(run, key, digits));
    listing.rows.push_back(std::move(row));
  }
  listing.json = json_list("runs", runs);
  listing.empty = "no runs";
  return listing;
}

std::string run_details(const Run& run) {
  Facts facts;
  facts.add("run", run.info.id.str()).add("name", run.info.name);
  facts.add("experiment", run.info.experiment_id.str());
  facts.add("status", tracking::run_status_name(run.info.status));
  if (run.info.stage == tracking::LifecycleStage::deleted) facts.add("stage", "deleted");
  facts.add("user", run.info.user_id);
  facts.add("started", readable_time(run.info.start_time_ms));
  if (run.info.end_time_ms) facts.add("ended", readable_time(*run.info.end_time_ms));
  facts.add("took", duration_of(run.info, unix_milliseconds()));
  facts.add("artifacts", run.info.artifact_uri);
  for (const tracking::ModelOutput& model : run.model_outputs) {
    facts.add("model", "models:/" + model.model_id.str());
  }
  return facts.text() + metrics_table(run) + pairs_table("PARAMETER", run.params) +
         pairs_table("TAG", run.tags) + datasets_table(run);
}

}  // namespace liquid::cli
