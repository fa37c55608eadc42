// A program for the tests against Python: writes a known set of models into a tracking file, or
// shows as JSON what a tracking file holds.
//
//   tracking_registry_file write URI      tracking_registry_file show URI

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "tracking/names.h"
#include "tracking/sqlite/sqlite_store.h"

namespace liquid::tracking {
namespace {

namespace json = boost::json;

/// Ends the program: here a failure is the test's.
template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", error_code_name(result.error().code),
                 result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

json::object object_of(const auto& pairs) {
  json::object object;
  for (const auto& [key, value] : pairs) object[key] = value;
  return object;
}

json::object shown(const ModelVersion& version) {
  return {{"name", version.name},
          {"version", version.version},
          {"created", version.creation_time_ms},
          {"updated", version.last_update_time_ms},
          {"user_id", version.user_id},
          {"stage", stage_name(version.stage)},
          {"description", version.description},
          {"source", version.source},
          {"run_id", version.run_id.str()},
          {"run_link", version.run_link},
          {"status", model_version_status_name(version.status)},
          {"tags", object_of(version.tags)},
          {"aliases", json::value_from(version.aliases)}};
}

json::object shown(const RegisteredModel& model) {
  json::array latest;
  for (const ModelVersion& version : model.latest_versions) latest.emplace_back(version.version);
  return {{"name", model.name},
          {"created", model.creation_time_ms},
          {"updated", model.last_update_time_ms},
          {"description", model.description},
          {"latest", std::move(latest)},
          {"tags", object_of(model.tags)},
          {"aliases", object_of(model.aliases)}};
}

json::object shown(const LoggedModel& model) {
  json::array metrics;
  for (const Metric& metric : model.metrics) {
    metrics.push_back({metric.key, metric.value, metric.timestamp_ms, metric.step,
                       metric.run_id.str(), metric.dataset_name, metric.dataset_digest});
  }
  return {{"model_id", model.id.str()},
          {"experiment_id", model.experiment_id.str()},
          {"name", model.name},
          {"artifact_location", model.artifact_uri},
          {"status", logged_model_status_name(model.status)},
          {"created", model.creation_time_ms},
          {"updated", model.last_update_time_ms},
          {"model_type", model.model_type},
          {"source_run_id", model.source_run_id.str()},
          {"params", object_of(model.params)},
          {"tags", object_of(model.tags)},
          {"metrics", std::move(metrics)}};
}

void show(Store& store) {
  json::object all;
  json::array& models = all["registered_models"].emplace_array();
  for (const RegisteredModel& model : must(store.registered_models().search({})).items) {
    models.push_back(shown(must(store.registered_models().get(model.name))));
  }
  json::array& versions = all["model_versions"].emplace_array();
  for (const ModelVersion& version : must(store.model_versions().search({})).items) {
    const VersionName name{version.name, version.version};
    json::object one = shown(must(store.model_versions().get(name)));
    one["download_uri"] = must(store.model_versions().download_uri(name));
    versions.push_back(std::move(one));
  }
  json::array& logged = all["logged_models"].emplace_array();
  for (const LoggedModel& model :
       must(store.logged_models().search({.experiment_ids = {ExperimentId("0")}})).items) {
    logged.push_back(shown(must(store.logged_models().get(model.id))));
  }
  std::cout << json::serialize(all) << '\n';
}

ModelId write_logged_models(LoggedModelStore& models) {
  ModelId ready = must(models.create({.experiment_id = ExperimentId("0"),
                                      .name = "chat",
                                      .model_type = "llm",
                                      .params = {{"r", "8"}, {"target", "q_proj,v_proj"}},
                                      .tags = {{"team", "föö"}}}))
                      .id;
  must(models.log_params(ready, {{"alpha", "16"}, {"r", "8"}}));
  must(models.set_tags(ready, {{"team", "bar"}, {"note", "a \"quoted\"\nline"}}));
  must(models.finalize(ready, LoggedModelStatus::ready));
  const ModelId failed =
      must(models.create({.experiment_id = ExperimentId("0"), .name = "broken"})).id;
  must(models.set_tags(failed, {{"gone", "soon"}}));
  must(models.delete_tag(failed, "gone"));
  must(models.finalize(failed, LoggedModelStatus::upload_failed));
  must(
      models.remove(must(models.create({.experiment_id = ExperimentId("0"), .name = "trash"})).id));
  return ready;
}

/// Five versions in four stages, one of them deleted.
void write_versions(ModelVersionStore& versions, const ModelId& model) {
  must(versions.create({.name = "chat",
                        .source = "s3://bucket/one",
                        .description = "first",
                        .run_link = "https://example.org/run",
                        .tags = {{"a", "1"}, {"b", "2"}}}));
  must(versions.create({.name = "chat", .source = "models:/" + model.str(), .model_id = model}));
  must(versions.create({.name = "chat", .source = "models:/chat/1"}));
  must(versions.create({.name = "chat", .source = "s3://bucket/four"}));
  must(versions.create({.name = "chat", .source = "s3://bucket/five"}));
  must(versions.transition({"chat", "1"}, Stage::production, ArchiveExisting::no));
  must(versions.transition({"chat", "2"}, Stage::production, ArchiveExisting::yes));
  must(versions.transition({"chat", "3"}, Stage::staging, ArchiveExisting::yes));
  must(versions.describe({"chat", "2"}, "the second"));
  must(versions.set_tag({"chat", "2"}, {"loss", "1.5"}));
  must(versions.set_tag({"chat", "2"}, {"loss", "1.25"}));
  must(versions.set_tag({"chat", "3"}, {"x", "y"}));
  must(versions.delete_tag({"chat", "3"}, "x"));
}

void write(Store& store) {
  const ModelId model = write_logged_models(store.logged_models());
  RegisteredModelStore& models = store.registered_models();
  must(models.create({.name = "chat", .description = "talks", .tags = {{"k", "1"}, {"k", "2"}}}));
  write_versions(store.model_versions(), model);
  must(models.set_alias("chat", {"champion", "2"}));
  must(models.set_alias("chat", {"challenger", "1"}));
  must(models.set_alias("chat", {"challenger", "3"}));
  must(models.set_alias("chat", {"last", "4"}));
  must(store.model_versions().remove({"chat", "4"}));
  must(models.create({.name = "before"}));
  must(store.model_versions().create(
      {.name = "before", .source = "s3://bucket/other", .tags = {{"t", "v"}}}));
  must(models.set_alias("before", {"only", "1"}));
  must(models.set_tag("before", {"kept", "yes"}));
  must(models.rename("before", "after"));
  must(models.describe("after", "renamed"));
  must(models.create({.name = "gone", .tags = {{"t", "v"}}}));
  must(store.model_versions().create(
      {.name = "gone", .source = "s3://bucket/gone", .tags = {{"t", "v"}}}));
  must(models.set_alias("gone", {"only", "1"}));
  must(models.remove("gone"));
}

int run(std::string_view action, std::string_view uri) {
  const SystemClock clock;
  const std::unique_ptr<Store> store = must(open_sqlite_store(uri, Settings(), clock));
  if (action == "write") {
    write(*store);
  } else {
    show(*store);
  }
  return 0;
}

}  // namespace
}  // namespace liquid::tracking

int main(int argc, char** argv) {
  if (argc == 3) return liquid::tracking::run(argv[1], argv[2]);
  std::fputs("usage: tracking_registry_file write|show URI\n", stderr);
  return 2;
}
