#pragma once

#include <atomic>
#include <span>

#include "base/clock.h"
#include "base/result.h"
#include "train/callback.h"
#include "train/materials.h"
#include "train/settings.h"

namespace liquid::train {

/// Who watches a training and how it is stopped; everything is borrowed.
struct JobContext {
  const Clock& clock;
  /// Set when the run should end after its current step.
  const std::atomic<bool>& interrupted;
  /// Told of everything, in this order, before the job's own callbacks.
  std::span<Callback* const> callbacks;
  Say say;  ///< what the user should know before the first step
};

/// A whole training as `settings` say: reads data and model, plans, trains, and leaves checkpoints
/// and `final_model` in the output folder. In a job of several processes (torchrun's environment)
/// only the first writes and tells. Errors: everything that is wrong before the first step; what
/// happens later is in the report.
Result<EndReport> run_training(const Settings& settings, const JobContext& context);

}  // namespace liquid::train
