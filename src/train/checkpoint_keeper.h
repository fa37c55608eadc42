#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "train/callback.h"
#include "train/optimizer.h"
#include "train/progress.h"

namespace liquid::train {

/// Decides when checkpoints are written and which are kept: one every `save_steps`, the newest
/// `keep` of them, and the best one when the run ends with that: then every better evaluation is
/// saved, and after the last step the model gets the best weights back.
class CheckpointKeeper final : public Callback {
 public:
  struct Policy {
    std::int64_t save_steps = 500;  ///< 0: only at the end
    std::int64_t keep = 3;          ///< 0: all
    enum class AtEnd { last_weights, best_weights } at_end = AtEnd::last_weights;
  };

  /// The optimizer, whose parameters are the model's, is borrowed.
  CheckpointKeeper(const Policy& policy, Optimizer& optimizer)
      : policy_(policy), optimizer_(optimizer) {}

  Result<void> on_begin(const RunPlan& plan) override;
  Result<void> on_step(const StepReport& report, Requests& requests) override;
  Result<void> on_eval(const EvalReport& report, Requests& requests) override;
  void on_checkpoint(Notes& notes) override;
  Result<void> on_save(const SaveReport& report) override;
  Result<void> on_trained(TrainedWeights& weights) override;

 private:
  Policy policy_;
  Optimizer& optimizer_;
  std::filesystem::path output_dir_;
  std::optional<BestEvaluation> best_;
  std::filesystem::path best_folder_;  ///< maybe that of an earlier run's output
};

}  // namespace liquid::train
