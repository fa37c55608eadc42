#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "train/checkpoint.h"
#include "train/settings.h"

namespace liquid::train {

/// The folder a run writes into, held against other processes as long as this object lives. A
/// resource.
class OutputFolder {
 public:
  /// Makes the folder, locks it, and removes what a killed process left half done. Errors:
  /// conflict (another process trains into it), permission_denied, unavailable.
  static Result<OutputFolder> open(const std::filesystem::path& folder);
  OutputFolder(OutputFolder&& other) noexcept;
  OutputFolder& operator=(OutputFolder&&) = delete;
  ~OutputFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  OutputFolder(std::filesystem::path path, int lock);

  std::filesystem::path path_;
  int lock_ = -1;
};

/// The checkpoint to go on from, as `settings.resume` says ("auto": the newest if there is one);
/// nothing for a new run. Errors: not_found (none to resume), conflict (a new run over the
/// checkpoints of another), those of `read_checkpoint`.
Result<std::optional<SavedRun>> choose_start(const OutputSettings& settings);

/// With `overwrite`: removes the checkpoints and the result of an earlier run.
Result<void> clear_earlier_run(const std::filesystem::path& output_dir);

}  // namespace liquid::train
