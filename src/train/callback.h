#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::train {

/// One optimizer step, after it was made.
struct StepReport {
  std::int64_t step = 0;  ///< from 1
  double epoch = 0;       ///< with its fraction: 1.25 = a quarter into the second
  double loss = 0;        ///< mean over the step's trained tokens
  double learning_rate = 0;
  double gradient_norm = 0;  ///< before clipping
  std::int64_t trained_tokens = 0;
  std::int64_t positions = 0;  ///< all tokens of the step, prompts too
  double seconds = 0;
};

struct EvalReport {
  std::int64_t step = 0;
  double epoch = 0;
  double loss = 0;  ///< mean over the evaluation's trained tokens
  double perplexity = 0;
  std::vector<std::pair<std::string, std::string>> samples;  ///< prompt, what the model wrote
};

struct SaveReport {
  std::int64_t step = 0;
  std::string folder;
};

enum class EndReason { finished, stopped_early, interrupted, failed };

struct EndReport {
  EndReason reason = EndReason::finished;
  std::string message;  ///< why it failed; empty otherwise
  std::int64_t steps = 0;
  double seconds = 0;
  std::optional<double> final_train_loss;
  std::optional<double> final_eval_loss;
};

/// What a callback may ask of the loop; it is heeded at the end of the step.
struct Requests {
  bool stop = false;
  bool save = false;
  bool evaluate = false;
};

struct RunPlan;  // train/run_plan.h: everything known before the first step

/// Listens to a training run. All calls come from the training thread, in the order of the callbacks'
/// registration; an error ends the run as failed. A callback overrides what it needs.
class Callback {
 public:
  virtual ~Callback() = default;
  virtual Result<void> on_begin(const RunPlan&) { return {}; }
  virtual Result<void> on_step(const StepReport&, Requests&) { return {}; }
  virtual Result<void> on_log(const StepReport&) { return {}; }  ///< every `logging_steps` and at the last
  virtual Result<void> on_eval(const EvalReport&, Requests&) { return {}; }
  virtual Result<void> on_epoch(std::int64_t /*finished*/) { return {}; }
  virtual Result<void> on_save(const SaveReport&) { return {}; }
  virtual void on_end(const EndReport&) {}
};

}  // namespace liquid::train
