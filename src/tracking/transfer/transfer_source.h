#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/entities.h"
#include "tracking/settings.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// Takes points as they are read, some thousand at a time; an error ends the reading.
using PointSink = std::function<Result<void>(std::vector<Metric>)>;

/// The files of a run or a logged model.
struct ArtifactOrigin {
  std::unique_ptr<ArtifactStore> store;
  std::optional<std::filesystem::path> folder{};  ///< When they lie in one of this machine.
};

/// Some or all runs of one experiment, in a store or in an export folder.
class TransferSource {
 public:
  virtual ~TransferSource() = default;

  /// For people and tags: a URI without credentials, or the path of a folder.
  virtual const std::string& address() const = 0;
  virtual const Experiment& experiment() const = 0;
  /// Oldest first, so that parents come before their children.
  virtual const std::vector<Run>& runs() const = 0;
  /// Made by these runs; of a whole experiment also those that no run made.
  virtual const std::vector<LoggedModel>& models() const = 0;
  /// All points of all keys.
  virtual Result<void> read_points(const Run& run, const PointSink& sink) = 0;
  virtual Result<ArtifactOrigin> artifacts(const Run& run) = 0;
  virtual Result<ArtifactOrigin> artifacts(const LoggedModel& model) = 0;
  /// Versions of registered models that came from the run, by name and number.
  virtual Result<std::vector<ModelVersion>> versions(const Run& run) = 0;
  virtual Result<RegisteredModel> registered_model(std::string_view name) = 0;
};

/// What of a store's experiment is meant.
struct RunSelection {
  std::vector<RunId> runs{};  ///< Empty: all.
  ViewType view = ViewType::active_only;
};

/// `store` and `settings` are borrowed. Errors: not_found and invalid_argument (a run of another
/// experiment), those of the store.
Result<std::unique_ptr<TransferSource>> open_store_source(Store& store, const Settings& settings,
                                                          const Experiment& experiment,
                                                          const RunSelection& selection);

/// Errors: not_found (no export is there), unsupported (written by a newer version), data_corrupt.
Result<std::unique_ptr<TransferSource>> open_folder_source(const std::filesystem::path& folder);

}  // namespace liquid::tracking
