#include "tracking/rest/runs.h"

#include <algorithm>
#include <iterator>

#include "tracking/names.h"
#include "tracking/rest/batch_split.h"
#include "tracking/rest/entity_json.h"
#include "tracking/rest/page_json.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

constexpr std::int64_t kHistoryPage = 25'000;  // the most a server gives at once

json::object only_id(const RunId& id) { return {{"run_id", text_json(id.str())}}; }

Result<Run> run_of(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  return answer->read([](const Fields& fields) { return read_run(fields.required_object("run")); });
}

}  // namespace

Result<Run> Runs::create(const NewRun& run) {
  json::object body{{"experiment_id", text_json(run.experiment_id.str())},
                    {"start_time", run.start_time_ms}};
  if (!run.user_id.empty()) body["user_id"] = text_json(run.user_id);
  if (!run.name.empty()) body["run_name"] = text_json(run.name);
  if (!run.tags.empty()) body["tags"] = tags_json(run.tags);
  return run_of(endpoint_.post("runs/create", body));
}

Result<Run> Runs::get(const RunId& id) {
  return run_of(endpoint_.get("runs/get", {{"run_id", id.str()}, {"run_uuid", id.str()}}));
}

Result<RunInfo> Runs::update(const RunId& id, const RunUpdate& update) {
  json::object body = only_id(id);
  body["run_uuid"] = text_json(id.str());
  if (update.status) body["status"] = text_json(run_status_name(*update.status));
  if (update.end_time_ms) body["end_time"] = *update.end_time_ms;
  if (update.name) body["run_name"] = text_json(*update.name);
  const Result<Answer> answer = endpoint_.post("runs/update", body);
  if (!answer) return answer.error();
  return answer->read(
      [](const Fields& fields) { return read_run_info(fields.required_object("run_info")); });
}

Result<void> Runs::remove(const RunId& id) {
  return done(endpoint_.post("runs/delete", only_id(id)));
}

Result<void> Runs::restore(const RunId& id) {
  return done(endpoint_.post("runs/restore", only_id(id)));
}

Result<Page<Run>> Runs::search(const RunQuery& query) {
  json::object body = search_json(query.filter, query.order_by, query.page_token);
  json::array ids;
  for (const ExperimentId& id : query.experiment_ids) ids.push_back(text_json(id.str()));
  body["experiment_ids"] = std::move(ids);
  body["max_results"] = query.max_results;
  body["run_view_type"] = text_json(view_type_name(query.view));
  return page_of<Run>(endpoint_.post("runs/search", body), "runs", read_run);
}

Result<void> Runs::log_batch(const RunId& id, const Batch& batch) {
  for (BatchSplit split(id, batch); !split.done();) {
    const Result<Answer> answer = endpoint_.post_text("runs/log-batch", split.next());
    if (!answer) return answer.error();
  }
  return {};
}

Result<void> Runs::delete_tag(const RunId& id, std::string_view key) {
  json::object body = only_id(id);
  body["key"] = text_json(key);
  return done(endpoint_.post("runs/delete-tag", body));
}

Result<void> Runs::log_inputs(const RunId& id, const std::vector<DatasetInput>& datasets,
                              const std::vector<ModelId>& models) {
  json::object body = only_id(id);
  json::array inputs;
  for (const DatasetInput& dataset : datasets) inputs.push_back(dataset_input_json(dataset));
  json::array model_inputs;
  for (const ModelId& model : models) {
    model_inputs.push_back(json::object{{"model_id", text_json(model.str())}});
  }
  if (!inputs.empty()) body["datasets"] = std::move(inputs);
  if (!model_inputs.empty()) body["models"] = std::move(model_inputs);
  return done(endpoint_.post("runs/log-inputs", body));
}

Result<void> Runs::log_outputs(const RunId& id, const std::vector<ModelOutput>& models) {
  json::object body = only_id(id);
  json::array outputs;
  for (const ModelOutput& model : models) {
    outputs.push_back(
        json::object{{"model_id", text_json(model.model_id.str())}, {"step", model.step}});
  }
  body["models"] = std::move(outputs);
  return done(endpoint_.post("runs/outputs", body));
}

Result<void> Runs::record_model(const RunId& id, std::string_view model_json) {
  json::object body = only_id(id);
  body["model_json"] = text_json(model_json);
  return done(endpoint_.post("runs/log-model", body));
}

Result<Page<Metric>> Runs::history_page(const HistoryQuery& query, std::string_view token,
                                        std::int64_t max_results) {
  Query fields{{"run_id", query.run_id.str()},
               {"run_uuid", query.run_id.str()},
               {"metric_key", query.key},
               {"max_results", std::to_string(max_results)}};
  if (!token.empty()) fields.emplace_back("page_token", token);
  Result<Answer> answer = endpoint_.get("metrics/get-history", fields);
  if (!answer) return std::move(answer).error();
  return answer->read([](const Fields& found) {
    return Page<Metric>{read_metrics(found), found.text("next_page_token")};
  });
}

Result<Page<Metric>> Runs::metric_history(const HistoryQuery& query) {
  Page<Metric> points;
  points.next_page_token = query.page_token;
  do {
    std::int64_t wanted = kHistoryPage;
    if (query.max_results) {
      wanted =
          std::min(wanted, *query.max_results - static_cast<std::int64_t>(points.items.size()));
    }
    Result<Page<Metric>> page = history_page(query, points.next_page_token, wanted);
    if (!page) return page;
    if (page->items.empty()) page->next_page_token.clear();  // or we would ask for ever
    points.items.insert(points.items.end(), std::make_move_iterator(page->items.begin()),
                        std::make_move_iterator(page->items.end()));
    points.next_page_token.swap(page->next_page_token);
  } while (
      !points.next_page_token.empty() &&
      (!query.max_results || static_cast<std::int64_t>(points.items.size()) < *query.max_results));
  return points;
}

Result<std::vector<Metric>> Runs::sampled_history(const SampledHistoryQuery& query) {
  Query fields;
  for (const RunId& id : query.run_ids) fields.emplace_back("run_ids", id.str());
  fields.emplace_back("metric_key", query.key);
  fields.emplace_back("max_results", std::to_string(query.max_points));
  if (query.start_step) fields.emplace_back("start_step", std::to_string(*query.start_step));
  if (query.end_step) fields.emplace_back("end_step", std::to_string(*query.end_step));
  const Result<Answer> answer = endpoint_.get("metrics/get-history-bulk-interval", fields);
  if (!answer) return answer.error();
  return answer->read(read_metrics);
}

}  // namespace liquid::tracking::rest
