#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tracking/store.h"

namespace liquid::tracking {

struct RunArtifact {
  RunId run_id;
  std::string path;  ///< Empty: everything the run logged.
  bool operator==(const RunArtifact&) const = default;
};
struct StageOfModel {
  std::string name;
  Stage stage = Stage::none;
  bool operator==(const StageOfModel&) const = default;
};
struct LatestOfModel {
  std::string name;
  bool operator==(const LatestOfModel&) const = default;
};
struct AliasOfModel {
  std::string name;
  std::string alias;
  bool operator==(const AliasOfModel&) const = default;
};

/// `runs:/<run>/<path>`, `models:/<name>/<version>`, `models:/<name>/<stage>`,
/// `models:/<name>/latest`, `models:/<name>@<alias>`, `models:/m-<id>`.
using ModelUri =
    std::variant<RunArtifact, VersionName, StageOfModel, LatestOfModel, AliasOfModel, ModelId>;

/// Stage and "latest" are read without regard to case, as MLflow does. Paths of runs stay inside
/// the run. Errors: invalid_argument, with the forms that are known; an unknown stage names the
/// stages.
Result<ModelUri> parse_model_uri(std::string_view uri);

/// The URI in its usual spelling.
std::string model_uri_text(const ModelUri& uri);

/// "None", "Staging", "Production" or "Archived" in any case. Errors: invalid_argument, with the
/// list.
Result<Stage> parse_stage(std::string_view text);

/// Where a URI leads. Fields that do not apply are empty.
struct ModelLocation {
  std::string artifact_uri;  ///< Of the run, the logged model or the version.
  std::string path;          ///< Below it; empty: all of it.
  std::string name;          ///< Of the registered model.
  std::string version;       ///< Of the registered model.
  ModelId model_id;          ///< When a logged model holds the files.
  RunId run_id;
};

/// Follows a URI to its files: stages, "latest" and aliases to a version; `runs:/<run>/<name>/…` to
/// the newest logged model of that name and run, or else to the run's own artifacts, as MLflow's
/// loaders do. Errors: not_found, which says what there is instead; those of the store.
Result<ModelLocation> locate(const ModelUri& uri, Store& store);

/// The artifact URI that `locate` finds, path included.
Result<std::string> resolve(const ModelUri& uri, Store& store);

/// The version that a URI of a registered model means. Errors: invalid_argument (the URI names no
/// registered model), not_found (lists the versions with their stages, or the aliases).
Result<ModelVersion> find_version(const ModelUri& uri, Store& store);

/// All models of that name which the run made, the newest first. Empty on servers without logged
/// models.
Result<std::vector<LoggedModel>> models_of_run(const Run& run, std::string_view name, Store& store);

/// `path` appended to an artifact URI.
std::string below(std::string_view artifact_uri, std::string_view path);

}  // namespace liquid::tracking
