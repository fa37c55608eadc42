#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/callback.h"
#include "train/progress.h"
#include "train/run_plan.h"

namespace liquid::train {

class Optimizer;

/// A run as it stands between two steps. Everything is borrowed.
struct Snapshot {
  const RunPlan& plan;
  const Optimizer& optimizer;  ///< with the parameters
  const Progress& progress;
  const Notes& notes;
};

/// Writes `<output_dir>/checkpoint-<step>`: aside, fsynced, then renamed into place, so that at
/// every moment the folder of that name is complete or not there (or the whole old one). Its files:
///
///   adapter_* or model*, config.json …   the trained tensors, fp32 (train/tensor_files.h)
///   optimizer.safetensors                moments and steps
///   trainer_state.json                   as Hugging Face tools read it
///   training.json                        progress, notes, and what must be the same to go on
///   settings.toml                        all settings; `--config` reads it
///
/// Returns the folder. Errors name the file; then nothing is left of the new checkpoint.
Result<std::filesystem::path> write_checkpoint(const std::filesystem::path& output_dir,
                                               const Snapshot& snapshot);

/// What a checkpoint says besides its tensors.
struct SavedRun {
  std::filesystem::path folder;
  Progress progress;
  Notes notes;
  NamedTexts identity;  ///< `identity_of` the run's plan
};

/// Errors: not_found, data_corrupt; both name the file.
Result<SavedRun> read_checkpoint(const std::filesystem::path& folder);

/// Fills parameters and moments.
Result<void> restore_tensors(const std::filesystem::path& folder, Optimizer& optimizer);

/// What decides about the next steps besides the progress: model, tokenizer, data, and the settings
/// that matter. The length of the run is not part of it, nor is what is logged or saved.
NamedTexts identity_of(const RunPlan& plan);

/// Error: invalid_state, which lists every difference: name, value then, value now.
Result<void> check_same(const SavedRun& saved, const RunPlan& plan);

/// A value of `identity`; nothing when it is not there.
std::optional<std::string> identity_value(const NamedTexts& identity, const std::string& name);

struct CheckpointFolder {
  std::int64_t step = 0;
  std::filesystem::path path;
};

/// The complete checkpoints of an output folder, oldest first.
std::vector<CheckpointFolder> list_checkpoints(const std::filesystem::path& output_dir);

/// Removes what a killed process left half done. Errors: permission_denied, unavailable.
Result<void> remove_leftovers(const std::filesystem::path& output_dir);

/// Removes a checkpoint so that a kill leaves the whole of it or no folder of its name.
Result<void> remove_checkpoint(const std::filesystem::path& folder);

}  // namespace liquid::train
