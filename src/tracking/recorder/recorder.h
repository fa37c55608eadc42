#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/settings.h"

namespace liquid::tracking {

struct RecorderOptions {
  Settings settings;
  std::string experiment_name = "Default";
  std::string run_name;
  std::vector<Tag> tags;
  std::filesystem::path journal_folder;  ///< Empty: ".liquid/journal" in the working folder.
  std::uint64_t max_journal_bytes = std::uint64_t{1} << 30;
  std::chrono::milliseconds heartbeat_interval{30'000};
};

/// What a training loop holds: numbers go in without waiting, and reach the store whatever happens
/// to it or to this process.
class Recorder {
 public:
  /// Opens the journal and starts delivering. A store that cannot be reached is no error: the run
  /// is created when it can. Errors: invalid_argument, permission_denied or unavailable (journal
  /// folder). The clock is borrowed.
  static Result<std::unique_ptr<Recorder>> start(RecorderOptions options, const Clock& clock);
  /// Like `finish(RunStatus::killed)` when `finish` was not called.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Under a microsecond, never waits, never throws. Any thread.
  void log_metric(std::string_view key, double value, std::int64_t step) noexcept;
  void log_param(std::string_view key, std::string_view value) noexcept;
  void set_tag(std::string_view key, std::string_view value) noexcept;
  void log_dataset(const DatasetInput& dataset);
  /// Copies nothing: the file or folder must stay until it is delivered or the recorder ends.
  void log_artifact(const std::filesystem::path& file, std::string_view artifact_folder);

  /// The run's id once the store has made the run; empty before.
  RunId run_id() const;
  /// Waits until everything logged before is in the store, or `limit` has passed.
  Result<void> flush(std::chrono::milliseconds limit);
  /// Ends the run. What could not be delivered stays in the journal and is told in the error.
  Result<void> finish(RunStatus status);

 private:
  struct State;
  explicit Recorder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liquid::tracking
