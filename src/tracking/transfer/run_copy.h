#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tracking/transfer/marks.h"
#include "tracking/transfer/transfer.h"

// One run, or one logged model, on its way into a store.

namespace liquid::tracking::transfer {

/// What the steps of one transfer share.
struct StoreJob {
  TransferSource& source;
  const TransferTarget& target;
  const TransferOptions& options;
  ExperimentId experiment{};  ///< At the target.
  NewIds ids{};
  TransferSummary summary{};
  std::function<void()> report{};
};

/// A run's place at the target.
struct RunShell {
  std::optional<Run> there{};  ///< As it was found or made; nothing: the run is left alone.
  bool is_new = false;
  std::string note{};  ///< Why it is left alone.
};

/// Finds the copy of `run`, or makes an empty one that is marked as such.
Result<RunShell> open_shell(StoreJob& job, const Run& run);
/// Brings the copy to the state of `run`.
Result<TransferredRun> fill_shell(StoreJob& job, const Run& run, const RunShell& shell);

/// Finds or makes the copy of a logged model, without its files; its id is known afterwards.
Result<void> open_model(StoreJob& job, const LoggedModel& model);
/// Tags, points, files and status. The runs must be there.
Result<void> fill_model(StoreJob& job, const LoggedModel& model);

/// Registers what the source's registry has of the runs.
Result<void> copy_versions(StoreJob& job);

/// Copies what is missing below an artifact URI of the target; nothing when files stay behind.
Result<void> copy_files(StoreJob& job, Result<ArtifactOrigin> from, const std::string& to);

}  // namespace liquid::tracking::transfer
