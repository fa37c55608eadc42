// A program for the tests against a real server: makes the calls it reads, one JSON object per
// line, and writes what each gave as one line.
//
//   tracking_rest_driver URI
//   {"call": "runs.get", "run_id": "…"}   →   {"value": {…}}  or  {"error": "not_found", "message":
//   "…"}
//
// Settings come from the environment, as everywhere.

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "tracking/names.h"
#include "tracking/rest/entity_json.h"
#include "tracking/rest/json_text.h"
#include "tracking/rest/rest_store.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

// --- values as JSON ---

json::value shown(const Experiment& experiment);
json::value shown(const RunInfo& info);
json::value shown(const Run& run);
json::value shown(const DatasetInput& input);
json::value shown(const ModelId& id);
json::value shown(const ModelOutput& output);
json::value shown(const LoggedModel& model);
json::value shown(const ModelVersion& version);
json::value shown(const RegisteredModel& model);
json::value shown(const ExperimentId& id) { return text_json(id.str()); }
json::value shown(const std::string& text) { return text_json(text); }
json::value shown(const Metric& metric) {
  json::object object = metric_json(metric);
  object["run_id"] = text_json(metric.run_id.str());
  return object;
}

template <typename Item>
json::array list(const std::vector<Item>& items) {
  json::array array;
  for (const Item& item : items) array.push_back(shown(item));
  return array;
}

json::object pairs(const auto& items) {
  json::object object;
  for (const auto& [key, value] : items) object[key] = value;
  return object;
}

json::value shown(const Experiment& experiment) {
  return {{"id", experiment.id.str()},
          {"name", experiment.name},
          {"artifact_location", experiment.artifact_location},
          {"stage", lifecycle_stage_name(experiment.stage)},
          {"created", experiment.creation_time_ms},
          {"updated", experiment.last_update_time_ms},
          {"tags", pairs(experiment.tags)}};
}

json::value shown(const RunInfo& info) {
  return {{"id", info.id.str()},
          {"experiment_id", info.experiment_id.str()},
          {"name", info.name},
          {"user_id", info.user_id},
          {"status", run_status_name(info.status)},
          {"start_time", info.start_time_ms},
          {"end_time", info.end_time_ms ? json::value(*info.end_time_ms) : json::value()},
          {"artifact_uri", info.artifact_uri},
          {"stage", lifecycle_stage_name(info.stage)}};
}

json::value shown(const DatasetInput& input) { return dataset_input_json(input); }
json::value shown(const ModelId& id) { return text_json(id.str()); }
json::value shown(const ModelOutput& output) { return {output.model_id.str(), output.step}; }

json::value shown(const Run& run) {
  return {{"info", shown(run.info)},
          {"metrics", list(run.metrics)},
          {"params", pairs(run.params)},
          {"tags", pairs(run.tags)},
          {"datasets", list(run.dataset_inputs)},
          {"model_inputs", list(run.model_inputs)},
          {"model_outputs", list(run.model_outputs)}};
}

json::value shown(const LoggedModel& model) {
  return {{"id", model.id.str()},
          {"experiment_id", model.experiment_id.str()},
          {"name", model.name},
          {"artifact_uri", model.artifact_uri},
          {"status", logged_model_status_name(model.status)},
          {"created", model.creation_time_ms},
          {"updated", model.last_update_time_ms},
          {"model_type", model.model_type},
          {"source_run_id", model.source_run_id.str()},
          {"tags", pairs(model.tags)},
          {"params", pairs(model.params)},
          {"metrics", list(model.metrics)}};
}

json::value shown(const ModelVersion& version) {
  return {{"name", version.name},
          {"version", version.version},
          {"created", version.creation_time_ms},
          {"updated", version.last_update_time_ms},
          {"stage", stage_name(version.stage)},
          {"description", version.description},
          {"source", version.source},
          {"run_id", version.run_id.str()},
          {"model_id", version.model_id.str()},
          {"status", model_version_status_name(version.status)},
          {"tags", pairs(version.tags)},
          {"aliases", list(version.aliases)}};
}

json::value shown(const RegisteredModel& model) {
  return {{"name", model.name},
          {"created", model.creation_time_ms},
          {"updated", model.last_update_time_ms},
          {"description", model.description},
          {"latest", list(model.latest_versions)},
          {"tags", pairs(model.tags)},
          {"aliases", pairs(model.aliases)}};
}

template <typename Item>
json::value shown(const Page<Item>& page) {
  return {{"items", list(page.items)}, {"token", page.next_page_token}};
}
json::value shown(const std::optional<Experiment>& experiment) {
  return experiment ? shown(*experiment) : json::value();
}
template <typename Item>
json::value shown(const std::vector<Item>& items) {
  return list(items);
}

json::value failed(const Error& error) {
  return {{"error", error_code_name(error.code)}, {"message", error.message}};
}
template <typename T>
json::value outcome(const Result<T>& result) {
  return result ? json::value{{"value", shown(*result)}} : failed(result.error());
}
json::value outcome(const Result<void>& result) {
  return result ? json::value{{"value", nullptr}} : failed(result.error());
}

// --- values out of a call ---

std::vector<std::string> texts(const Fields& call, std::string_view name) {
  std::vector<std::string> items;
  call.each_text(name, [&](std::string text) { items.push_back(std::move(text)); });
  return items;
}
template <typename Id>
std::vector<Id> ids(const Fields& call, std::string_view name) {
  std::vector<Id> items;
  call.each_text(name, [&](std::string text) { items.emplace_back(std::move(text)); });
  return items;
}
std::vector<Param> params(const Fields& call) {
  std::vector<Param> items;
  call.each("params", [&](const Fields& p) { items.push_back({p.text("key"), p.text("value")}); });
  return items;
}
ExperimentId experiment(const Fields& call) { return ExperimentId(call.text("experiment_id")); }
RunId run(const Fields& call) { return RunId(call.text("run_id")); }
ModelId model(const Fields& call) { return ModelId(call.text("model_id")); }
VersionName version(const Fields& call) { return {call.text("name"), call.text("version")}; }
Tag tag(const Fields& call) { return {call.text("key"), call.text("value")}; }
Stage stage(const Fields& call) { return stage_from(call.text("stage")).value_or(Stage::none); }
ViewType view(const Fields& call) {
  for (const ViewType type : {ViewType::deleted_only, ViewType::all}) {
    if (view_type_name(type) == call.text("view")) return type;
  }
  return ViewType::active_only;
}
RegistryQuery registry_search(const Fields& call) {
  return {.filter = call.text("filter"),
          .order_by = texts(call, "order_by"),
          .max_results = call.whole_if_present("max_results").value_or(100),
          .page_token = call.text("token")};
}

using Call = std::function<json::value(Store&, const Fields&)>;
using Calls = std::map<std::string, Call, std::less<>>;

void add_experiments(Calls& calls) {
  calls["experiments.create"] = [](Store& s, const Fields& c) {
    return outcome(
        s.experiments().create({c.text("name"), c.text("artifact_location"), read_tags(c)}));
  };
  calls["experiments.get"] = [](Store& s, const Fields& c) {
    return outcome(s.experiments().get(experiment(c)));
  };
  calls["experiments.find"] = [](Store& s, const Fields& c) {
    return outcome(s.experiments().find(c.text("name")));
  };
  calls["experiments.search"] = [](Store& s, const Fields& c) {
    return outcome(
        s.experiments().search({.filter = c.text("filter"),
                                .order_by = texts(c, "order_by"),
                                .view = view(c),
                                .max_results = c.whole_if_present("max_results").value_or(1000),
                                .page_token = c.text("token")}));
  };
  calls["experiments.rename"] = [](Store& s, const Fields& c) {
    return outcome(s.experiments().rename(experiment(c), c.text("name")));
  };
  calls["experiments.remove"] = [](Store& s, const Fields& c) {
    return outcome(s.experiments().remove(experiment(c)));
  };
  calls["experiments.restore"] = [](Store& s, const Fields& c) {
    return outcome(s.experiments().restore(experiment(c)));
  };
  calls["experiments.set_tag"] = [](Store& s, const Fields& c) {
    return outcome(s.experiments().set_tag(experiment(c), tag(c)));
  };
  calls["experiments.delete_tag"] = [](Store& s, const Fields& c) {
    return outcome(s.experiments().delete_tag(experiment(c), c.text("key")));
  };
}

void add_runs(Calls& calls) {
  calls["runs.create"] = [](Store& s, const Fields& c) {
    return outcome(s.runs().create({.experiment_id = experiment(c),
                                    .user_id = c.text("user_id"),
                                    .name = c.text("name"),
                                    .start_time_ms = c.whole("start_time"),
                                    .tags = read_tags(c)}));
  };
  calls["runs.get"] = [](Store& s, const Fields& c) { return outcome(s.runs().get(run(c))); };
  calls["runs.update"] = [](Store& s, const Fields& c) {
    RunUpdate update{.status = run_status_from(c.text("status")),
                     .end_time_ms = c.whole_if_present("end_time"),
                     .name = std::nullopt};
    if (c.has("name")) update.name = c.text("name");
    return outcome(s.runs().update(run(c), update));
  };
  calls["runs.remove"] = [](Store& s, const Fields& c) { return outcome(s.runs().remove(run(c))); };
  calls["runs.restore"] = [](Store& s, const Fields& c) {
    return outcome(s.runs().restore(run(c)));
  };
  calls["runs.search"] = [](Store& s, const Fields& c) {
    return outcome(s.runs().search({.experiment_ids = ids<ExperimentId>(c, "experiment_ids"),
                                    .filter = c.text("filter"),
                                    .order_by = texts(c, "order_by"),
                                    .view = view(c),
                                    .max_results = c.whole_if_present("max_results").value_or(1000),
                                    .page_token = c.text("token")}));
  };
  calls["runs.log_batch"] = [](Store& s, const Fields& c) {
    return outcome(s.runs().log_batch(run(c), {read_metrics(c), params(c), read_tags(c)}));
  };
  calls["runs.delete_tag"] = [](Store& s, const Fields& c) {
    return outcome(s.runs().delete_tag(run(c), c.text("key")));
  };
  calls["runs.record_model"] = [](Store& s, const Fields& c) {
    return outcome(s.runs().record_model(run(c), c.text("model_json")));
  };
}

void add_histories_and_inputs(Calls& calls) {
  calls["runs.log_inputs"] = [](Store& s, const Fields& c) {
    std::vector<DatasetInput> inputs;
    c.each("datasets", [&inputs](const Fields& d) {
      inputs.push_back({{.name = d.text("name"),
                         .digest = d.text("digest"),
                         .source_type = d.text("source_type"),
                         .source = d.text("source"),
                         .schema = d.text("schema"),
                         .profile = d.text("profile")},
                        read_tags(d)});
    });
    return outcome(s.runs().log_inputs(run(c), inputs, ids<ModelId>(c, "models")));
  };
  calls["runs.log_outputs"] = [](Store& s, const Fields& c) {
    return outcome(s.runs().log_outputs(run(c), {{model(c), c.whole("step")}}));
  };
  calls["runs.metric_history"] = [](Store& s, const Fields& c) {
    return outcome(s.runs().metric_history({.run_id = run(c),
                                            .key = c.text("key"),
                                            .max_results = c.whole_if_present("max_results"),
                                            .page_token = c.text("token")}));
  };
  calls["runs.sampled_history"] = [](Store& s, const Fields& c) {
    return outcome(
        s.runs().sampled_history({.run_ids = ids<RunId>(c, "run_ids"),
                                  .key = c.text("key"),
                                  .max_points = c.whole_if_present("max_points").value_or(320),
                                  .start_step = c.whole_if_present("start_step"),
                                  .end_step = c.whole_if_present("end_step")}));
  };
}

void add_logged_models(Calls& calls) {
  calls["logged_models.create"] = [](Store& s, const Fields& c) {
    return outcome(s.logged_models().create({.experiment_id = experiment(c),
                                             .name = c.text("name"),
                                             .source_run_id = run(c),
                                             .model_type = c.text("model_type"),
                                             .params = params(c),
                                             .tags = read_tags(c)}));
  };
  calls["logged_models.get"] = [](Store& s, const Fields& c) {
    return outcome(s.logged_models().get(model(c)));
  };
  calls["logged_models.finalize"] = [](Store& s, const Fields& c) {
    return outcome(s.logged_models().finalize(
        model(c), logged_model_status_from(c.text("status")).value_or(LoggedModelStatus::ready)));
  };
  calls["logged_models.remove"] = [](Store& s, const Fields& c) {
    return outcome(s.logged_models().remove(model(c)));
  };
  calls["logged_models.search"] = [](Store& s, const Fields& c) {
    LoggedModelQuery query{.experiment_ids = ids<ExperimentId>(c, "experiment_ids"),
                           .filter = c.text("filter"),
                           .datasets = {},
                           .order_by = {},
                           .max_results = c.whole_if_present("max_results").value_or(100),
                           .page_token = c.text("token")};
    if (c.has("order_field")) query.order_by.push_back({c.text("order_field"), false, {}, {}});
    return outcome(s.logged_models().search(query));
  };
  calls["logged_models.log_params"] = [](Store& s, const Fields& c) {
    return outcome(s.logged_models().log_params(model(c), params(c)));
  };
  calls["logged_models.set_tags"] = [](Store& s, const Fields& c) {
    return outcome(s.logged_models().set_tags(model(c), read_tags(c)));
  };
  calls["logged_models.delete_tag"] = [](Store& s, const Fields& c) {
    return outcome(s.logged_models().delete_tag(model(c), c.text("key")));
  };
}

void add_registered_models(Calls& calls) {
  calls["models.create"] = [](Store& s, const Fields& c) {
    return outcome(
        s.registered_models().create({c.text("name"), c.text("description"), read_tags(c)}));
  };
  calls["models.get"] = [](Store& s, const Fields& c) {
    return outcome(s.registered_models().get(c.text("name")));
  };
  calls["models.describe"] = [](Store& s, const Fields& c) {
    return outcome(s.registered_models().describe(c.text("name"), c.text("text")));
  };
  calls["models.rename"] = [](Store& s, const Fields& c) {
    return outcome(s.registered_models().rename(c.text("name"), c.text("new_name")));
  };
  calls["models.remove"] = [](Store& s, const Fields& c) {
    return outcome(s.registered_models().remove(c.text("name")));
  };
  calls["models.search"] = [](Store& s, const Fields& c) {
    return outcome(s.registered_models().search(registry_search(c)));
  };
  calls["models.set_tag"] = [](Store& s, const Fields& c) {
    return outcome(s.registered_models().set_tag(c.text("name"), tag(c)));
  };
  calls["models.delete_tag"] = [](Store& s, const Fields& c) {
    return outcome(s.registered_models().delete_tag(c.text("name"), c.text("key")));
  };
  calls["models.set_alias"] = [](Store& s, const Fields& c) {
    return outcome(
        s.registered_models().set_alias(c.text("name"), {c.text("alias"), c.text("version")}));
  };
  calls["models.delete_alias"] = [](Store& s, const Fields& c) {
    return outcome(s.registered_models().delete_alias(c.text("name"), c.text("alias")));
  };
}

void add_model_versions(Calls& calls) {
  calls["versions.create"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().create({.name = c.text("name"),
                                              .source = c.text("source"),
                                              .run_id = run(c),
                                              .model_id = model(c),
                                              .description = c.text("description"),
                                              .run_link = c.text("run_link"),
                                              .tags = read_tags(c)}));
  };
  calls["versions.get"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().get(version(c)));
  };
  calls["versions.find_by_alias"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().find_by_alias(c.text("name"), c.text("alias")));
  };
  calls["versions.latest"] = [](Store& s, const Fields& c) {
    std::vector<Stage> stages;
    if (c.has("stage")) stages.push_back(stage(c));
    return outcome(s.model_versions().latest(c.text("name"), stages));
  };
  calls["versions.describe"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().describe(version(c), c.text("text")));
  };
  calls["versions.transition"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().transition(
        version(c), stage(c), c.truth("archive") ? ArchiveExisting::yes : ArchiveExisting::no));
  };
  calls["versions.remove"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().remove(version(c)));
  };
  calls["versions.search"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().search(registry_search(c)));
  };
  calls["versions.download_uri"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().download_uri(version(c)));
  };
  calls["versions.set_tag"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().set_tag(version(c), tag(c)));
  };
  calls["versions.delete_tag"] = [](Store& s, const Fields& c) {
    return outcome(s.model_versions().delete_tag(version(c), c.text("key")));
  };
}

Calls all_calls() {
  Calls calls;
  add_experiments(calls);
  add_runs(calls);
  add_histories_and_inputs(calls);
  add_logged_models(calls);
  add_registered_models(calls);
  add_model_versions(calls);
  return calls;
}

int serve(Store& store) {
  const Calls calls = all_calls();
  std::string line;
  while (std::getline(std::cin, line)) {
    const json::object object = parse_object(line).value_or(json::object());
    FieldProblem problem;
    const Fields fields(object, problem);
    const auto call = calls.find(fields.text("call"));
    if (call == calls.end()) return 2;
    const auto start = std::chrono::steady_clock::now();
    json::value answer = call->second(store, fields);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    answer.as_object()["milliseconds"] = took.count();
    if (!problem.text.empty()) return 2;
    std::cout << json::serialize(answer) << std::endl;
  }
  return 0;
}

int run_program(const char* uri) {
  const Result<Settings> settings = settings_from(process_environment());
  if (!settings) {
    std::fprintf(stderr, "%s\n", settings.error().message.c_str());
    return 1;
  }
  const SystemClock clock;
  const auto store = open_rest_store(uri, *settings, clock);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 1;
  }
  return serve(**store);
}

}  // namespace
}  // namespace liquid::tracking::rest

int main(int argc, char** argv) {
  return argc == 2 ? liquid::tracking::rest::run_program(argv[1]) : 2;
}
