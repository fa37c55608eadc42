#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/models/model_uri.h"
#include "tracking/settings.h"
#include "tracking/store.h"

// The registry as people use it: register, promote, fetch.

namespace liquid::tracking {

/// Where models are: a store and the settings that open its artifacts. Both are borrowed.
struct ModelHome {
  Store& store;
  const Settings& settings;
};

struct Registration {
  std::string model_uri{};  ///< `runs:/…`, `models:/m-…`, or another version: `models:/name/3`, …
  std::string name{};       ///< Created when it does not exist.
  std::string description{};
  std::vector<Tag> tags{};             ///< Of the version.
  std::vector<std::string> aliases{};  ///< Pointed at the new version.
};

/// Makes the next version of `name`. `runs:/<run>/<path>` registers the run's artifact folder when
/// it holds an MLmodel, or else the model of that name which the run logged. Errors: not_found
/// (names the models the run has), invalid_argument, those of the stores.
Result<ModelVersion> register_model(const ModelHome& home, const Registration& registration);

/// Moves a version to a stage given by its name. Errors: invalid_argument with the list of stages,
/// not_found.
Result<ModelVersion> transition_model(Store& store, const VersionName& version,
                                      std::string_view stage, ArchiveExisting archive);

/// Brings everything below `uri` into `folder`, which is made if need be. Beside an MLmodel it
/// leaves `registered_model_meta` with name and version, as MLflow does. Returns `folder`, or the
/// file in it when the URI means one file. Errors: not_found (nothing is there), those of the
/// stores.
Result<std::filesystem::path> download_model(const ModelHome& home, std::string_view uri,
                                             const std::filesystem::path& folder,
                                             const TransferProgress& progress);

}  // namespace liquid::tracking
