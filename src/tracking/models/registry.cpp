#include "tracking/models/registry.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>

#include "base/log.h"

namespace liquid::tracking {
namespace {

/// MLflow's tag on a logged model: a JSON list of the versions that were made of it.
constexpr const char* kVersionsTag = "mlflow.modelVersions";

struct Source {
  std::string uri;
  RunId run_id;
  ModelId model_id;
};

Source logged_model_source(const LoggedModel& model, RunId run_id) {
  return {model_uri_text(ModelUri{model.id}), std::move(run_id), model.id};
}

/// Of several models of one name the one logged at the largest step; among equals the newest.
const LoggedModel& at_largest_step(const std::vector<LoggedModel>& models, const Run& run) {
  std::map<std::string, std::int64_t> steps;
  for (const ModelOutput& output : run.model_outputs) steps[output.model_id.str()] = output.step;
  return *std::max_element(models.begin(), models.end(),
                           [&](const LoggedModel& a, const LoggedModel& b) {
                             const auto left = std::pair(steps[a.id.str()], a.creation_time_ms);
                             return left < std::pair(steps[b.id.str()], b.creation_time_ms);
                           });
}

Result<bool> holds_model(const ModelHome& home, const Run& run, const std::string& path) {
  auto artifacts = open_artifacts(run.info.artifact_uri, home.settings);
  if (!artifacts) return std::move(artifacts).error();
  Result<std::vector<FileInfo>> files = (*artifacts)->list(path);
  if (!files) return std::move(files).error();
  return std::any_of(files->begin(), files->end(), [](const FileInfo& file) {
    return !file.is_folder && std::filesystem::path(file.path).filename() == "MLmodel";
  });
}

/// Names the models that the run did make.
Error no_model(const ModelHome& home, const RunArtifact& wanted, const Run& run) {
  std::string names;
  for (const ModelOutput& output : run.model_outputs) {
    const Result<LoggedModel> model = home.store.logged_models().get(output.model_id);
    if (model) names += (names.empty() ? "" : ", ") + model->name;
  }
  return {ErrorCode::not_found,
          "run " + run.info.id.str() + " has no model at '" + wanted.path +
              "': no MLmodel below its artifacts, and " +
              (names.empty() ? "it logged no models" : "the models it logged are " + names)};
}

Result<Source> source_in_run(const ModelHome& home, const RunArtifact& wanted) {
  Result<Run> run = home.store.runs().get(wanted.run_id);
  if (!run) return std::move(run).error();
  const Result<bool> in_artifacts = holds_model(home, *run, wanted.path);
  if (!in_artifacts) return in_artifacts.error();
  if (*in_artifacts) {
    return Source{below(run->info.artifact_uri, wanted.path), wanted.run_id, ModelId()};
  }
  Result<std::vector<LoggedModel>> models = models_of_run(*run, wanted.path, home.store);
  if (!models) return std::move(models).error();
  if (models->empty()) return no_model(home, wanted, *run);
  return logged_model_source(at_largest_step(*models, *run), wanted.run_id);
}

Result<Source> find_source(const ModelHome& home, const ModelUri& uri) {
  if (const auto* run = std::get_if<RunArtifact>(&uri)) return source_in_run(home, *run);
  if (const auto* id = std::get_if<ModelId>(&uri)) {
    Result<LoggedModel> model = home.store.logged_models().get(*id);
    if (!model) return std::move(model).error();
    return logged_model_source(*model, model->source_run_id);
  }
  Result<ModelVersion> version = find_version(uri, home.store);
  if (!version) return std::move(version).error();
  return Source{model_uri_text(VersionName{version->name, version->version}), version->run_id,
                version->model_id};
}

Result<void> ensure_registered(Store& store, const std::string& name) {
  Result<RegisteredModel> model =
      store.registered_models().create({.name = name, .description = "", .tags = {}});
  if (model || model.error().code == ErrorCode::conflict) return {};
  return std::move(model).error();
}

/// The versions a tag lists; nothing when it is no such list.
boost::json::array listed_versions(std::string_view tag) {
  boost::json::error_code problem;
  boost::json::value known = boost::json::parse(tag, problem);
  return problem || !known.is_array() ? boost::json::array() : std::move(known.as_array());
}

/// A number as MLflow writes it; versions of other registries need not be numbers.
boost::json::value version_value(const std::string& version) {
  const bool is_number = !version.empty() && version.size() < 10 &&
                         version.find_first_not_of("0123456789") == std::string::npos;
  if (is_number) return std::stoi(version);
  return boost::json::value(version);
}

Result<void> add_to_versions(Store& store, const LoggedModel& model, const ModelVersion& version) {
  const boost::json::object entry{{"name", version.name},
                                  {"version", version_value(version.version)}};
  boost::json::array versions;
  for (const Tag& tag : model.tags) {
    if (tag.key == kVersionsTag) versions = listed_versions(tag.value);
  }
  if (std::find(versions.begin(), versions.end(), boost::json::value(entry)) != versions.end()) {
    return {};
  }
  versions.push_back(entry);
  return store.logged_models().set_tags(model.id,
                                        {{kVersionsTag, boost::json::serialize(versions)}});
}

/// Newer servers note this themselves when the version is made, earlier ones left it to the client.
/// The version exists by now, so a failure here is told and not returned: whoever tried again would
/// make another version.
void link_model_to_version(Store& store, const ModelId& id, const ModelVersion& version) {
  const Result<LoggedModel> model = store.logged_models().get(id);
  const Result<void> linked =
      model ? add_to_versions(store, *model, version) : Result<void>(model.error());
  if (linked) return;
  log_event(LogLevel::warning, "logged model not linked to its version",
            {{"model_id", std::string_view(id.str())},
             {"error", std::string_view(linked.error().message)}});
}

}  // namespace

Result<ModelVersion> register_model(const ModelHome& home, const Registration& registration) {
  const Result<ModelUri> uri = parse_model_uri(registration.model_uri);
  if (!uri) return uri.error();
  // The source first: a mistake in it must not leave an empty registered model behind.
  Result<Source> source = find_source(home, *uri);
  if (!source) return std::move(source).error();
  if (Result<void> ready = ensure_registered(home.store, registration.name); !ready) {
    return std::move(ready).error();
  }
  Result<ModelVersion> version =
      home.store.model_versions().create({.name = registration.name,
                                          .source = source->uri,
                                          .run_id = source->run_id,
                                          .model_id = source->model_id,
                                          .description = registration.description,
                                          .run_link = "",
                                          .tags = registration.tags});
  if (!version) return version;
  if (!source->model_id.empty()) link_model_to_version(home.store, source->model_id, *version);
  for (const std::string& alias : registration.aliases) {
    Result<void> set =
        home.store.registered_models().set_alias(registration.name, {alias, version->version});
    if (!set) {
      return std::move(set).error().with_context("version " + version->version + " of '" +
                                                 registration.name + "' was made, but its alias '" +
                                                 alias + "' was not set");
    }
    version->aliases.push_back(alias);
  }
  return version;
}

Result<ModelVersion> transition_model(Store& store, const VersionName& version,
                                      std::string_view stage, ArchiveExisting archive) {
  const Result<Stage> wanted = parse_stage(stage);
  if (!wanted) return wanted.error();
  return store.model_versions().transition(version, *wanted, archive);
}

}  // namespace liquid::tracking
