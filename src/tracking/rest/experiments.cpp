#include "tracking/rest/experiments.h"

#include "tracking/names.h"
#include "tracking/rest/entity_json.h"
#include "tracking/rest/page_json.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

Result<Experiment> experiment_of(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  return answer->read(
      [](const Fields& fields) { return read_experiment(fields.required_object("experiment")); });
}

json::object only_id(const ExperimentId& id) { return {{"experiment_id", text_json(id.str())}}; }

}  // namespace

Result<ExperimentId> Experiments::create(const NewExperiment& experiment) {
  json::object body{{"name", text_json(experiment.name)}};
  if (!experiment.artifact_location.empty()) {
    body["artifact_location"] = text_json(experiment.artifact_location);
  }
  if (!experiment.tags.empty()) body["tags"] = tags_json(experiment.tags);
  const Result<Answer> answer = endpoint_.post("experiments/create", body);
  if (!answer) return answer.error();
  return answer->read(
      [](const Fields& fields) { return ExperimentId(fields.required_label("experiment_id")); });
}

Result<Experiment> Experiments::get(const ExperimentId& id) {
  return experiment_of(endpoint_.get("experiments/get", {{"experiment_id", id.str()}}));
}

Result<std::optional<Experiment>> Experiments::find(std::string_view name) {
  Result<Experiment> found = experiment_of(
      endpoint_.get("experiments/get-by-name", {{"experiment_name", std::string(name)}}));
  if (found) return std::optional(std::move(*found));
  if (found.error().code == ErrorCode::not_found) return std::optional<Experiment>();
  return std::move(found).error();
}

Result<Page<Experiment>> Experiments::search(const ExperimentQuery& query) {
  json::object body = search_json(query.filter, query.order_by, query.page_token);
  body["max_results"] = query.max_results;
  body["view_type"] = text_json(view_type_name(query.view));
  return page_of<Experiment>(endpoint_.post("experiments/search", body), "experiments",
                             read_experiment);
}

Result<void> Experiments::rename(const ExperimentId& id, std::string_view name) {
  json::object body = only_id(id);
  body["new_name"] = text_json(name);
  return done(endpoint_.post("experiments/update", body));
}

Result<void> Experiments::remove(const ExperimentId& id) {
  return done(endpoint_.post("experiments/delete", only_id(id)));
}

Result<void> Experiments::restore(const ExperimentId& id) {
  return done(endpoint_.post("experiments/restore", only_id(id)));
}

Result<void> Experiments::set_tag(const ExperimentId& id, const Tag& tag) {
  json::object body = pair_json(tag.key, tag.value);
  body["experiment_id"] = text_json(id.str());
  return done(endpoint_.post("experiments/set-experiment-tag", body));
}

Result<void> Experiments::delete_tag(const ExperimentId& id, std::string_view key) {
  json::object body = only_id(id);
  body["key"] = text_json(key);
  return done(endpoint_.post("experiments/delete-experiment-tag", body));
}

}  // namespace liquid::tracking::rest
