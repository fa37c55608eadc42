#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/recorder/connections.h"
#include "tracking/settings.h"

namespace liquid::tracking {

/// What to do at the start with journals that killed processes left in the same folder.
enum class Leftovers { deliver, leave };

/// The defaults are what a training run wants; only the names are usually given.
struct RecorderOptions {
  Settings settings{};
  std::string experiment_name{};  ///< Empty: the settings' experiment, else "Default".
  std::string run_name{};         ///< Empty: the store makes one.
  std::vector<Tag> tags{};
  std::filesystem::path journal_folder{};  ///< Empty: ".liquid/journal" in the working folder.
  /// Of undelivered journal on disk. From three quarters on points are thinned out, at the bound
  /// none is kept; both are counted. Whatever is not a point is always kept.
  std::uint64_t max_journal_bytes = std::uint64_t{1} << 30U;
  /// Of memory for points that the journal has not taken yet (32 bytes each); beyond, points are
  /// dropped and counted. Reached only when the disk hangs.
  std::uint64_t max_queue_bytes = std::uint64_t{256} << 20U;
  std::chrono::milliseconds heartbeat_interval{30'000};  ///< Zero: none, and no reaping.
  /// How long a point may be in this process only: what kill -9 can lose.
  std::chrono::milliseconds write_interval{20};
  /// How long it may be in the kernel only: what a power failure can lose.
  std::chrono::milliseconds sync_interval{1000};
  /// Least time between two batches, unless somebody waits for them.
  std::chrono::milliseconds delivery_interval{250};
  /// How long `finish` and the destructor wait for the store. The rest stays in the journal.
  std::chrono::milliseconds finish_limit{60'000};
  std::chrono::milliseconds max_backoff{30'000};  ///< Between attempts to reach a failing store.
  Leftovers leftovers = Leftovers::deliver;
  std::string system_metrics_node{};  ///< Several machines in one run: "system/<node>/…".
  Connections connections{};          ///< Empty: the real ones.
};

/// What became of what was logged.
struct RecorderReport {
  RunId run_id;                      ///< Empty until the store has made the run.
  std::uint64_t delivered = 0;       ///< Points in the store.
  std::uint64_t thinned = 0;         ///< Points left out near the journal's bound.
  std::uint64_t dropped = 0;         ///< Points that found no memory, or came after the end.
  std::uint64_t refused = 0;         ///< Entries the store will never take; noted in a file.
  std::uint64_t lost_artifacts = 0;  ///< Vanished or refused.
  std::uint64_t journal_bytes = 0;   ///< On disk now.
  std::string problem;               ///< Why the store takes nothing at the moment; else empty.
};

struct NamedValue {
  std::string_view key;
  double value = 0.0;
};

/// What a training loop holds: numbers go in without waiting, and reach the store whatever happens
/// to it or to this process.
///
///   auto recorder = Recorder::start({.settings = settings, .experiment_name = "llm"}, clock);
///   if (!recorder) return …;
///   (*recorder)->log_metric("loss", loss, step);
///   (*recorder)->finish(RunStatus::finished);
///
/// What can be lost: kill -9, at most what was logged in the last `write_interval` and the write
/// that was going on (tens of milliseconds); a power failure, at most the last `sync_interval`. All
/// else survives in the journal and is delivered by the next recorder of the folder or by
/// `recover_journals`, each point once: stores ignore a repeated point. (So of two points with the
/// same key, step, value and millisecond one remains, as always in MLflow.)
///
/// What one thread logs is delivered in that order. A process that dies from an uncaught exception
/// ends its run as FAILED. A child made by fork() must not use its parent's recorder.
class Recorder {
 public:
  /// Opens the journal and starts delivering. A store that cannot be reached is no error: the run
  /// is created when it can. Errors: invalid_argument, unsupported and invalid_state (a store that
  /// can never be used: its URI, a database of another version); permission_denied or unavailable
  /// (journal folder). The clock is borrowed.
  static Result<std::unique_ptr<Recorder>> start(RecorderOptions options, const Clock& clock);
  /// Like `finish(RunStatus::killed)` when `finish` was not called, or `failed` while an exception
  /// unwinds the stack.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Under a microsecond, never waits, never throws. Any thread. A thread's first call, and a first
  /// use of a key, cost some microseconds more.
  void log_metric(std::string_view key, double value, std::int64_t step) noexcept;
  /// Several points of one step and time.
  void log_metrics(std::span<const NamedValue> values, std::int64_t step) noexcept;
  /// A point that also belongs to a logged model or dataset, or has a time of its own (0: now).
  void log_metric(const Metric& point) noexcept;

  // The rest allocates; it waits for nothing either. Any thread.
  void log_param(std::string_view key, std::string_view value) noexcept;
  void log_params(std::span<const Param> params) noexcept;
  void set_tag(std::string_view key, std::string_view value) noexcept;
  void log_dataset(const DatasetInput& dataset) noexcept;
  void log_model_input(const ModelId& model) noexcept;
  void log_model_output(const ModelId& model, std::int64_t step) noexcept;
  /// A file, or a folder under its own name, below `artifact_folder` ("" is the run's root).
  /// Copies nothing: it must stay until it is delivered or the recorder ends. Uploads come after
  /// the numbers; one that has vanished by then is reported.
  void log_artifact(const std::filesystem::path& file, std::string_view artifact_folder) noexcept;
  /// What is in `folder`.
  void log_artifacts(const std::filesystem::path& folder,
                     std::string_view artifact_folder) noexcept;
  /// An artifact of this content. The journal carries it.
  void log_text(std::string_view content, std::string_view artifact_path) noexcept;

  /// The run's id once the store has made the run; empty before.
  RunId run_id() const;
  /// The page of the run in MLflow's UI; empty before the run is made and for stores without one.
  std::string run_url() const;
  RecorderReport report() const;

  /// Waits until everything logged before by this thread is safe on disk, or `limit` has passed
  /// (deadline_exceeded). Errors: also those of the disk.
  Result<void> sync(std::chrono::milliseconds limit);
  /// Waits until everything logged before is in the store, artifacts too, or `limit` has passed
  /// (deadline_exceeded, or the store's error).
  Result<void> flush(std::chrono::milliseconds limit);
  /// Ends the run; call it once all threads have logged. What could not be delivered within
  /// `finish_limit` stays in the journal and is told in the error. A second call returns the first
  /// one's answer.
  Result<RecorderReport> finish(RunStatus status);

  struct State;

 private:
  explicit Recorder(std::unique_ptr<State> state);
  void log_with_key(const Metric& point, std::string_view key) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace liquid::tracking
