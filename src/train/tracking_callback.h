#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "tracking/recorder/recorder.h"
#include "train/callback.h"
#include "train/run_plan.h"

namespace liquid::train {

/// Where and how a run is tracked, when it is.
struct TrackingTarget {
  tracking::Settings settings;  ///< of the environment, with the run's tracking URI
  std::filesystem::path journal_folder;
  std::chrono::milliseconds finish_limit{60'000};
  tracking::Connections connections;  ///< Empty: the real ones.
  /// What the user should read: where the run is, what could not be delivered.
  std::function<void(std::string_view line)> say;
};

/// Records a training run in MLflow: parameters (whole in `params.json`), data sets, losses, system
/// metrics, evaluation samples, the training log, and at the end the model. A store that is away
/// never stops the training: what it missed is delivered later, by this run or the next.
///
/// The run's id is noted in each checkpoint, so `--resume` continues the same run; parameters,
/// which MLflow never changes, stay those of the first start, and what differs is set as a tag
/// `resume.<name>`.
class TrackingCallback final : public Callback {
 public:
  /// The clock is borrowed.
  TrackingCallback(TrackingTarget target, const Clock& clock);
  ~TrackingCallback() override;

  Result<void> on_begin(const RunPlan& plan) override;
  Result<void> on_log(const StepReport& report) override;
  Result<void> on_eval(const EvalReport& report, Requests& requests) override;
  Result<void> on_epoch(std::int64_t finished) override;
  void on_checkpoint(Notes& notes) override;
  Result<void> on_final_model(const FinalModelReport& report) override;
  void on_end(const EndReport& report) override;

 private:
  void log_parameters();
  void note_differences();
  void log_inputs();
  void log_memory(std::int64_t step);
  Result<void> log_model_folder(const std::filesystem::path& folder, std::int64_t step);

  TrackingTarget target_;
  const Clock& clock_;
  Monotonic begun_{};
  const RunPlan* plan_ = nullptr;  ///< The loop's; outlives the run.
  std::string parameters_;         ///< JSON of those the run was started with.
  std::string history_;            ///< training_log.jsonl
  std::int64_t last_step_ = 0;
  std::unique_ptr<tracking::Recorder> recorder_;
};

}  // namespace liquid::train
