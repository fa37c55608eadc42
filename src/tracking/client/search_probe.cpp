// For the differential test of the search language only: runs searches over one tracking file.
//
//   tracking_search_probe sqlite:////path/mlflow.db
//
// One JSON object per line on standard input:
//   {"target": "runs" | "experiments" | "registered_models" | "model_versions" | "logged_models",
//    "filter", "order_by": […], "max_results", "page_token", "experiment_ids": […],
//    "view": "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL", "datasets": [{"name", "digest"}]}
// (orders of logged models are {"field", "ascending", "dataset_name", "dataset_digest"}) and one
// per line on standard output: {"ids": […], "token"} or {"error", "code"}.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <string>

#include "tracking/client/open_store.h"
#include "tracking/names.h"

namespace {

using namespace liquid;
using namespace liquid::tracking;
namespace json = boost::json;

std::string text(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

json::array list(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : json::array();
}

std::vector<std::string> texts(const json::object& object, const char* key) {
  std::vector<std::string> found;
  for (const json::value& value : list(object, key)) found.emplace_back(value.as_string());
  return found;
}

std::vector<ExperimentId> experiments(const json::object& question) {
  std::vector<ExperimentId> ids;
  for (const std::string& id : texts(question, "experiment_ids")) ids.emplace_back(id);
  return ids;
}

ViewType view_of(const json::object& question) {
  for (const ViewType each : {ViewType::deleted_only, ViewType::all}) {
    if (text(question, "view") == view_type_name(each)) return each;
  }
  return ViewType::active_only;
}

template <typename T, typename Name>
json::object shown(const Result<Page<T>>& page, Name name) {
  if (!page) {
    return {{"error", page.error().message}, {"code", error_code_name(page.error().code)}};
  }
  json::array ids;
  for (const T& item : page->items) ids.emplace_back(name(item));
  return {{"ids", ids}, {"token", page->next_page_token}};
}

json::object logged_models(Store& store, const json::object& question) {
  LoggedModelQuery query;
  query.experiment_ids = experiments(question);
  query.filter = text(question, "filter");
  query.max_results = question.at("max_results").as_int64();
  query.page_token = text(question, "page_token");
  for (const json::value& value : list(question, "order_by")) {
    const json::object& order = value.as_object();
    query.order_by.push_back({text(order, "field"), order.at("ascending").as_bool(),
                              text(order, "dataset_name"), text(order, "dataset_digest")});
  }
  for (const json::value& value : list(question, "datasets")) {
    Dataset dataset;
    dataset.name = text(value.as_object(), "name");
    dataset.digest = text(value.as_object(), "digest");
    query.datasets.push_back(dataset);
  }
  return shown(store.logged_models().search(query),
               [](const auto& model) { return model.id.str(); });
}

json::object answer(Store& store, const json::object& question) {
  const std::string target = text(question, "target");
  const std::int64_t max_results = question.at("max_results").as_int64();
  if (target == "logged_models") return logged_models(store, question);
  if (target == "runs") {
    return shown(store.runs().search({experiments(question), text(question, "filter"),
                                      texts(question, "order_by"), view_of(question), max_results,
                                      text(question, "page_token")}),
                 [](const auto& run) { return run.info.id.str(); });
  }
  if (target == "experiments") {
    return shown(
        store.experiments().search({text(question, "filter"), texts(question, "order_by"),
                                    view_of(question), max_results, text(question, "page_token")}),
        [](const auto& experiment) { return experiment.id.str(); });
  }
  const RegistryQuery query{text(question, "filter"), texts(question, "order_by"), max_results,
                            text(question, "page_token")};
  if (target == "registered_models") {
    return shown(store.registered_models().search(query),
                 [](const auto& model) { return model.name; });
  }
  return shown(store.model_versions().search(query),
               [](const auto& version) { return version.name + "/" + version.version; });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const SystemClock clock;
  const auto store = open_store(argv[1], Settings{}, clock);
  if (!store) {
    std::cerr << store.error().message << "\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << json::serialize(answer(**store, json::parse(line).as_object())) << std::endl;
  }
}
