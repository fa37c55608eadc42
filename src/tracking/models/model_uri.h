#pragma once

#include <string>
#include <string_view>
#include <variant>

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
  std::string artifact_uri;
  std::string name;     ///< Of the registered model.
  std::string version;  ///< Of the registered model.
  ModelId model_id;     ///< When a logged model holds the files.
  RunId run_id;
};

/// Follows a URI to its files: stages, "latest" and aliases to a version, `runs:/<run>/<name>/…` to
/// the logged model of that name and run (of the largest step, if there are several), or else to
/// the run's own artifacts. Errors: not_found, which says what there is instead; those of the
/// store.
Result<ModelLocation> locate(const ModelUri& uri, Store& store);

/// The artifact URI of `locate`.
Result<std::string> resolve(const ModelUri& uri, Store& store);

}  // namespace liquid::tracking
