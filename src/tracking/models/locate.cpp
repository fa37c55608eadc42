#include <algorithm>

#include "tracking/models/model_uri.h"
#include "tracking/names.h"

namespace liquid::tracking {
namespace {

/// A text of the search language. It knows no escapes: a text with both kinds of quotes cannot be
/// said, and no store accepts such a name.
std::string quoted(std::string_view text) {
  const char quote = text.find('\'') == std::string_view::npos ? '\'' : '"';
  return quote + std::string(text) + quote;
}

std::string version_list(const std::vector<ModelVersion>& versions) {
  std::string list;
  for (const ModelVersion& version : versions) {
    list += (list.empty() ? "" : ", ") + version.version + " (" +
            std::string(stage_name(version.stage)) + ")";
  }
  return list;
}

/// What to say when a model has no version where one was looked for.
Error no_version(Store& store, const std::string& name, const std::string& where) {
  const std::string subject = "model '" + name + "' has no version" + where;
  Result<RegisteredModel> model = store.registered_models().get(name);
  if (!model) return std::move(model).error();
  Result<Page<ModelVersion>> versions =
      store.model_versions().search({.filter = "name = " + quoted(name),
                                     .order_by = {"version_number DESC"},
                                     .max_results = 20,
                                     .page_token = ""});
  if (!versions || versions->items.empty()) {
    return {ErrorCode::not_found, subject + (where.empty() ? "" : ", nor any other")};
  }
  return {ErrorCode::not_found, subject + "; it has " + version_list(versions->items)};
}

Result<ModelVersion> newest(std::vector<ModelVersion> versions) {
  const auto best = std::max_element(
      versions.begin(), versions.end(), [](const ModelVersion& a, const ModelVersion& b) {
        return a.version.size() != b.version.size() ? a.version.size() < b.version.size()
                                                    : a.version < b.version;
      });
  return std::move(*best);
}

Result<ModelVersion> find_latest(Store& store, const std::string& name,
                                 const std::vector<Stage>& stages) {
  Result<std::vector<ModelVersion>> versions = store.model_versions().latest(name, stages);
  if (!versions) return std::move(versions).error();
  if (!versions->empty()) return newest(*std::move(versions));
  return no_version(store, name,
                    stages.empty() ? "" : " in stage " + std::string(stage_name(stages[0])));
}

Result<ModelVersion> find_by_alias(Store& store, const AliasOfModel& wanted) {
  Result<ModelVersion> version = store.model_versions().find_by_alias(wanted.name, wanted.alias);
  if (version || (version.error().code != ErrorCode::not_found &&
                  version.error().code != ErrorCode::invalid_argument)) {
    return version;
  }
  const Result<RegisteredModel> model = store.registered_models().get(wanted.name);
  if (!model) return model.error();
  std::string aliases;
  for (const ModelAlias& alias : model->aliases) {
    aliases += (aliases.empty() ? "" : ", ") + alias.alias + " (version " + alias.version + ")";
  }
  return Error{ErrorCode::not_found, "model '" + wanted.name + "' has no alias '" + wanted.alias +
                                         "'; it has " + (aliases.empty() ? "none" : aliases)};
}

Result<ModelLocation> locate_version(const ModelUri& uri, Store& store) {
  Result<ModelVersion> version = find_version(uri, store);
  if (!version) return std::move(version).error();
  Result<std::string> root = store.model_versions().download_uri({version->name, version->version});
  if (!root) return std::move(root).error();
  return ModelLocation{.artifact_uri = *std::move(root),
                       .path = "",
                       .name = version->name,
                       .version = version->version,
                       .model_id = version->model_id,
                       .run_id = version->run_id};
}

Result<ModelLocation> locate_model(const ModelId& id, Store& store) {
  Result<LoggedModel> model = store.logged_models().get(id);
  if (!model) return std::move(model).error();
  return ModelLocation{.artifact_uri = model->artifact_uri,
                       .path = "",
                       .name = "",
                       .version = "",
                       .model_id = model->id,
                       .run_id = model->source_run_id};
}

/// The first part of the path is the name of a model of the run, or else it is all a path below the
/// run's artifacts.
Result<ModelLocation> locate_run(const RunArtifact& wanted, Store& store) {
  Result<Run> run = store.runs().get(wanted.run_id);
  if (!run) return std::move(run).error();
  ModelLocation location{.artifact_uri = run->info.artifact_uri,
                         .path = wanted.path,
                         .name = "",
                         .version = "",
                         .model_id = {},
                         .run_id = wanted.run_id};
  if (wanted.path.empty()) return location;
  const std::size_t slash = std::min(wanted.path.find('/'), wanted.path.size());
  Result<std::vector<LoggedModel>> models =
      models_of_run(*run, wanted.path.substr(0, slash), store);
  if (!models) return std::move(models).error();
  if (models->empty()) return location;
  // A model whose upload failed is only taken when there is no other.
  auto model = std::find_if(models->begin(), models->end(), [](const LoggedModel& candidate) {
    return candidate.status == LoggedModelStatus::ready;
  });
  if (model == models->end()) model = models->begin();
  location.artifact_uri = model->artifact_uri;
  location.path = wanted.path.substr(std::min(slash + 1, wanted.path.size()));
  location.model_id = model->id;
  return location;
}

}  // namespace

Result<ModelVersion> find_version(const ModelUri& uri, Store& store) {
  if (const auto* version = std::get_if<VersionName>(&uri)) {
    return store.model_versions().get(*version);
  }
  if (const auto* model = std::get_if<StageOfModel>(&uri)) {
    return find_latest(store, model->name, {model->stage});
  }
  if (const auto* model = std::get_if<LatestOfModel>(&uri)) {
    return find_latest(store, model->name, {});
  }
  if (const auto* model = std::get_if<AliasOfModel>(&uri)) return find_by_alias(store, *model);
  return Error{ErrorCode::invalid_argument,
               "'" + model_uri_text(uri) + "' names no version of a registered model"};
}

Result<std::vector<LoggedModel>> models_of_run(const Run& run, std::string_view name,
                                               Store& store) {
  std::vector<LoggedModel> models;
  // Such a name was never given to a model: MLflow refuses these characters.
  if (name.find_first_of("/:.%\"'") != std::string_view::npos) return models;
  LoggedModelQuery query{.experiment_ids = {run.info.experiment_id},
                         .filter = "name = " + quoted(name),
                         .datasets = {},
                         .order_by = {},
                         .max_results = 100,
                         .page_token = ""};
  do {
    Result<Page<LoggedModel>> page = store.logged_models().search(query);
    if (!page && page.error().code == ErrorCode::unsupported) return models;
    if (!page) return std::move(page).error();
    for (LoggedModel& model : page->items) {
      if (model.source_run_id == run.info.id) models.push_back(std::move(model));
    }
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  std::stable_sort(models.begin(), models.end(), [](const LoggedModel& a, const LoggedModel& b) {
    return a.creation_time_ms > b.creation_time_ms;
  });
  return models;
}

Result<ModelLocation> locate(const ModelUri& uri, Store& store) {
  if (const auto* run = std::get_if<RunArtifact>(&uri)) return locate_run(*run, store);
  if (const auto* id = std::get_if<ModelId>(&uri)) return locate_model(*id, store);
  return locate_version(uri, store);
}

Result<std::string> resolve(const ModelUri& uri, Store& store) {
  Result<ModelLocation> location = locate(uri, store);
  if (!location) return std::move(location).error();
  return below(location->artifact_uri, location->path);
}

}  // namespace liquid::tracking
