#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/settings.h"
#include "tracking/store.h"
#include "tracking/transfer/transfer_source.h"

// Experiments on their way from one tracking store to another, or to a folder and back.

namespace liquid::tracking {

enum class ArtifactTransfer { copy, leave };
enum class RegistryTransfer { leave, copy };

struct TransferOptions {
  std::string experiment_name{};  ///< At the target; empty: the same name.
  ArtifactTransfer artifacts = ArtifactTransfer::copy;
  /// Versions of registered models that the runs made, with stages, aliases and descriptions.
  RegistryTransfer registry = RegistryTransfer::leave;
};

enum class TransferOutcome {
  copied,     ///< New at the target.
  continued,  ///< Was there, unfinished or older than the source's.
  unchanged,  ///< Was there whole.
  skipped,    ///< Left alone; the note says why.
};

struct TransferredRun {
  RunId from{};
  RunId to{};  ///< The same id in a folder.
  std::string name{};
  TransferOutcome outcome = TransferOutcome::copied;
  std::string note{};
};

/// What one transfer did; counts are of what was really written or sent.
struct TransferSummary {
  std::string experiment_name{};
  ExperimentId experiment_id{};  ///< At the target; empty for a folder.
  std::vector<TransferredRun> runs{};
  std::uint64_t points = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t models = 0;    ///< Logged models.
  std::uint64_t versions = 0;  ///< Of registered models.
};

struct TransferState {
  std::size_t runs_done = 0;
  std::size_t runs_total = 0;
  const TransferSummary& so_far;
};
/// Told before and after each run and after each file, from the calling thread. May be empty.
using TransferObserver = std::function<void(const TransferState&)>;

/// A store and the settings that open its artifacts. Both are borrowed.
struct TransferTarget {
  Store& store;
  const Settings& settings;
};

/// Copies what the source has into the experiment of that name, which is made when there is none.
/// Runs and logged models get new ids; tags (`liquid.source_run_id`, `liquid.source_store`,
/// `liquid.source_model_id`) say where they come from, and are how they are found again: a second
/// transfer writes nothing twice, and one that broke off is taken up. Ids in parent tags, model
/// links and MLmodel files are translated. Status, times, user and name are kept; creation times of
/// experiments and models are the target's. Errors: invalid_state (the target's experiment is in
/// the trash), data_corrupt (points are missing at the target afterwards), those of both sides,
/// with the run they happened at.
Result<TransferSummary> transfer_to_store(TransferSource& source, const TransferTarget& target,
                                          const TransferOptions& options,
                                          const TransferObserver& observer);

/// Copies what the source has into a folder (export_format.cpp describes it), which is made when
/// there is none. Each run appears whole; the head of the folder is written last. Exporting again
/// updates the folder. `options.experiment_name` renames. Errors: conflict (the folder holds
/// another experiment, or something else), those of writing.
Result<TransferSummary> transfer_to_folder(TransferSource& source,
                                           const std::filesystem::path& folder,
                                           const TransferOptions& options,
                                           const TransferObserver& observer);

}  // namespace liquid::tracking
