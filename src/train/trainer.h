#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "train/callback.h"
#include "train/data/dataset.h"
#include "train/data/packing.h"
#include "train/optimizer.h"
#include "train/process_group.h"
#include "train/progress.h"
#include "train/run_plan.h"
#include "train/schedule.h"
#include "train/step_maker.h"
#include "train/trainee.h"

namespace liquid::train {

/// What a training is made of; everything is borrowed and outlives the run.
struct TrainerParts {
  const RunPlan& plan;
  Trainee& trainee;
  Optimizer& optimizer;
  ProcessGroup& group;
  const Dataset& train;
  const Dataset* eval = nullptr;
  Sampler* sampler = nullptr;
  std::span<Callback* const> callbacks;
  const Clock& clock;
  /// Set by a signal: the step that runs is finished, a checkpoint written, and the run ends.
  const std::atomic<bool>& interrupted;
};

/// The training loop. Used once, from one thread.
class Trainer {
 public:
  /// Begins at `progress`: the start, or where a checkpoint was written.
  Trainer(const TrainerParts& parts, Progress progress);

  /// Trains to the end of the plan and writes `final_model`. Whatever goes wrong, exceptions of
  /// LibTorch and of running out of memory included, ends in a report with EndReason::failed; the
  /// checkpoints written before stay.
  EndReport run();

 private:
  Result<void> train();
  Result<void> begin();
  Result<void> advance();
  Result<void> finish();

  Result<StepReport> make_step();
  Result<void> log(const StepReport& report);
  Result<void> log_rest();
  Result<void> evaluate(Requests& requests);
  Result<lfm2::Loss> evaluation_loss();
  Result<void> end_epoch();
  Result<void> agree(Requests& requests);
  Result<void> save();
  Result<void> hand_over();

  Result<void> tell(const std::function<Result<void>(Callback&)>& event);
  void tell_end(const EndReport& report);
  bool is_over() const;
  double epoch_now() const;
  double seconds_now() const;

  TrainerParts parts_;
  const Settings& settings_;
  Progress progress_;
  Schedule schedule_;
  StepMaker steps_;
  std::vector<StepPlan> epoch_plan_;
  StepReport last_;
  Monotonic started_;
  Notes notes_;
  std::int64_t saved_step_;
  std::size_t begun_ = 0;  ///< callbacks that were told of the beginning
  EndReason reason_ = EndReason::finished;
};

}  // namespace liquid::train
