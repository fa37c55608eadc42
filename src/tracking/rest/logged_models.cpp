#include "tracking/rest/logged_models.h"

#include <algorithm>

#include "tracking/names.h"
#include "tracking/rest/entity_json.h"
#include "tracking/rest/page_json.h"
#include "tracking/text_coding.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

constexpr std::size_t kParamsPerCall = 100;

// Up to a hundred from `first` on.
std::vector<Param> some_params(const std::vector<Param>& params, std::size_t first) {
  const std::size_t count = std::min(kParamsPerCall, params.size() - first);
  const auto start = params.begin() + static_cast<std::ptrdiff_t>(first);
  return {start, start + static_cast<std::ptrdiff_t>(count)};
}

Result<LoggedModel> model_of(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  return answer->read(
      [](const Fields& fields) { return read_logged_model(fields.required_object("model")); });
}

// Ids and keys stand in the path, where "." and ".." and nothing would name another resource.
Result<std::string> path_of(const ModelId& id, std::string_view rest, std::string_view key) {
  for (const std::string_view part : {std::string_view(id.str()), key}) {
    if (part.empty() || part == "." || part == "..") {
      return Error{ErrorCode::invalid_argument,
                   "\"" + std::string(part) + "\" is no logged model's id or tag key"};
    }
  }
  return "logged-models/" + percent_encoded(id.str()) + std::string(rest);
}

Result<std::string> path_of(const ModelId& id, std::string_view rest) {
  return path_of(id, rest, id.str());
}

json::object with_id(const ModelId& id) { return {{"model_id", text_json(id.str())}}; }

json::object order_json(const LoggedModelOrder& order) {
  json::object object{{"field_name", text_json(order.field)}, {"ascending", order.ascending}};
  if (!order.dataset_name.empty()) object["dataset_name"] = text_json(order.dataset_name);
  if (!order.dataset_digest.empty()) object["dataset_digest"] = text_json(order.dataset_digest);
  return object;
}

json::object dataset_json(const Dataset& dataset) {
  json::object object{{"dataset_name", text_json(dataset.name)}};
  if (!dataset.digest.empty()) object["dataset_digest"] = text_json(dataset.digest);
  return object;
}

}  // namespace

Result<LoggedModel> LoggedModels::create(const NewLoggedModel& model) {
  json::object body{{"experiment_id", text_json(model.experiment_id.str())},
                    {"params", params_json(some_params(model.params, 0))},
                    {"tags", tags_json(model.tags)}};
  if (!model.name.empty()) body["name"] = text_json(model.name);
  if (!model.model_type.empty()) body["model_type"] = text_json(model.model_type);
  if (!model.source_run_id.empty()) body["source_run_id"] = text_json(model.source_run_id.str());
  Result<LoggedModel> made = model_of(endpoint_.post("logged-models", body));
  if (!made || model.params.size() <= kParamsPerCall) return made;

  const std::vector<Param> rest(model.params.begin() + kParamsPerCall, model.params.end());
  Result<void> logged = log_params(made->id, rest);
  if (!logged) {
    return std::move(logged).error().with_context("logged model " + made->id.str() +
                                                  " was made, but not all of its parameters");
  }
  return get(made->id);
}

Result<LoggedModel> LoggedModels::get(const ModelId& id) {
  const Result<std::string> path = path_of(id, "");
  if (!path) return path.error();
  return model_of(endpoint_.get(*path, {}));
}

Result<LoggedModel> LoggedModels::finalize(const ModelId& id, LoggedModelStatus status) {
  const Result<std::string> path = path_of(id, "");
  if (!path) return path.error();
  json::object body = with_id(id);
  body["status"] = text_json(logged_model_status_name(status));
  return model_of(endpoint_.patch(*path, body));
}

Result<void> LoggedModels::remove(const ModelId& id) {
  const Result<std::string> path = path_of(id, "");
  if (!path) return path.error();
  return done(endpoint_.remove(*path, with_id(id)));
}

Result<Page<LoggedModel>> LoggedModels::search(const LoggedModelQuery& query) {
  json::object body = search_json(query.filter, {}, query.page_token);
  json::array ids;
  for (const ExperimentId& id : query.experiment_ids) ids.push_back(text_json(id.str()));
  json::array orders;
  for (const LoggedModelOrder& order : query.order_by) orders.push_back(order_json(order));
  json::array datasets;
  for (const Dataset& dataset : query.datasets) datasets.push_back(dataset_json(dataset));
  body["experiment_ids"] = std::move(ids);
  body["max_results"] = query.max_results;
  if (!orders.empty()) body["order_by"] = std::move(orders);
  if (!datasets.empty()) body["datasets"] = std::move(datasets);
  return page_of<LoggedModel>(endpoint_.post("logged-models/search", body), "models",
                              read_logged_model);
}

Result<void> LoggedModels::log_params(const ModelId& id, const std::vector<Param>& params) {
  const Result<std::string> path = path_of(id, "/params");
  if (!path) return path.error();
  for (std::size_t first = 0; first < params.size(); first += kParamsPerCall) {
    json::object body = with_id(id);
    body["params"] = params_json(some_params(params, first));
    const Result<Answer> answer = endpoint_.post(*path, body);
    if (!answer) return answer.error();
  }
  return {};
}

Result<void> LoggedModels::set_tags(const ModelId& id, const std::vector<Tag>& tags) {
  const Result<std::string> path = path_of(id, "/tags");
  if (!path) return path.error();
  json::object body = with_id(id);
  body["tags"] = tags_json(tags);
  return done(endpoint_.patch(*path, body));
}

Result<void> LoggedModels::delete_tag(const ModelId& id, std::string_view key) {
  const Result<std::string> path = path_of(id, "/tags/" + percent_encoded(key), key);
  if (!path) return path.error();
  return done(endpoint_.remove(*path, {}));
}

}  // namespace liquid::tracking::rest
