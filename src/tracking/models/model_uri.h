#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "tracking/store.h"

namespace liquid::tracking {

struct RunArtifact {
  RunId run_id;
  std::string path;
};
struct StageOfModel {
  std::string name;
  Stage stage = Stage::none;
};
struct LatestOfModel {
  std::string name;
};
struct AliasOfModel {
  std::string name;
  std::string alias;
};

/// `runs:/<run>/<path>`, `models:/<name>/<version>`, `models:/<name>/<stage>`,
/// `models:/<name>/latest`, `models:/<name>@<alias>`, `models:/m-<id>`.
using ModelUri =
    std::variant<RunArtifact, VersionName, StageOfModel, LatestOfModel, AliasOfModel, ModelId>;

/// Errors: invalid_argument, with the forms that are known.
Result<ModelUri> parse_model_uri(std::string_view uri);

/// The artifact URI of the folder or file that `uri` means. Errors: not_found, those of the store.
Result<std::string> resolve(const ModelUri& uri, Store& store);

}  // namespace liquid::tracking
