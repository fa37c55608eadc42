#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "lfm2/batch.h"
#include "train/optimizer.h"
#include "train/process_group.h"
#include "train/trainee.h"

namespace liquid::train {

struct StepOutcome {
  double loss = 0;  ///< mean over the step's trained tokens, before the update
  double gradient_norm = 0;
  std::int64_t trained_tokens = 0;
  std::int64_t positions = 0;
};

/// One optimizer step over its micro-batches, which the processes of a job share out among
/// themselves. Everything is borrowed.
class StepMaker {
 public:
  StepMaker(Trainee& trainee, Optimizer& optimizer, ProcessGroup& group, double max_grad_norm)
      : trainee_(trainee), optimizer_(optimizer), group_(group), max_grad_norm_(max_grad_norm) {}

  struct Rate {
    double learning_rate = 0;
    std::uint64_t seed = 0;  ///< of the dropout masks of this step
  };

  /// Every process gives all micro-batches of the step and computes every size-th of them. The loss
  /// is normalised by the trained tokens of all together, so neither the number of processes nor
  /// how samples are laid into micro-batches changes what is learned. Errors: those of the trainee
  /// and of the group; data_corrupt when loss or gradient is not finite: then the weights are as
  /// they were.
  Result<StepOutcome> make(std::span<const lfm2::Batch> micro_batches, const Rate& rate);

 private:
  Result<double> accumulate(std::span<const lfm2::Batch> micro_batches, double scale,
                            std::uint64_t seed);
  Result<void> share_gradients();

  Trainee& trainee_;
  Optimizer& optimizer_;
  ProcessGroup& group_;
  double max_grad_norm_;
};

/// A well mixed number that depends on all three, the same on every machine.
std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t a, std::uint64_t b);

}  // namespace liquid::train
