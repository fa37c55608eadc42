#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace liquid::train {

/// One optimizer step, after it was made. In `on_log` the same over all steps since the last one:
/// loss is the mean over their trained tokens, counts and seconds are sums, the rest is the last's.
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
  std::int64_t trained_tokens = 0;
  double seconds = 0;
  std::vector<std::pair<std::string, std::string>> samples;  ///< prompt, what the model wrote
};

struct SaveReport {
  std::int64_t step = 0;
  std::filesystem::path folder;  ///< complete and durable
};

/// Which weights the model has when training is over.
struct TrainedWeights {
  std::int64_t step = 0;            ///< after which they were so
  std::optional<double> eval_loss;  ///< what they were measured with
};

/// The model as it is handed over at the end of a run.
struct FinalModelReport {
  std::filesystem::path folder;  ///< <output_dir>/final_model: a PEFT adapter or a model folder
  std::int64_t step = 0;         ///< the step its weights are from
};

enum class EndReason { finished, stopped_early, interrupted, failed };

struct EndReport {
  EndReason reason = EndReason::finished;
  std::string message;  ///< why it failed; empty otherwise
  std::int64_t steps = 0;
  double seconds = 0;  ///< with those of the runs that this one continued
  std::optional<double> final_train_loss;
  std::optional<double> final_eval_loss;
};

/// What a callback may ask of the loop; it is heeded at the end of the step.
struct Requests {
  bool stop = false;  ///< stop early: save, and go on to the end of the run
  bool save = false;
  bool evaluate = false;
};

/// What a callback wants to find again after `--resume`: it is written into each checkpoint. A key
/// starts with its owner's name: "mlflow.run_id".
using Notes = std::map<std::string, std::string>;

struct RunPlan;  // train/run_plan.h: everything known before the first step

/// Listens to a training run. All calls come from the training thread, in the order of the
/// callbacks' registration; an error ends the run as failed. A callback overrides what it needs.
///
///   on_begin (on_step [on_log] [on_eval] [on_epoch] [on_checkpoint on_save])*
///   on_trained on_final_model on_end
class Callback {
 public:
  virtual ~Callback() = default;
  /// The plan outlives the run; its `notes` are those of the checkpoint that is resumed.
  virtual Result<void> on_begin(const RunPlan&) { return {}; }
  virtual Result<void> on_step(const StepReport&, Requests&) { return {}; }
  /// Every `logging_steps` and at the last.
  virtual Result<void> on_log(const StepReport&) { return {}; }
  virtual Result<void> on_eval(const EvalReport&, Requests&) { return {}; }
  virtual Result<void> on_epoch(std::int64_t /*finished*/) { return {}; }
  /// A checkpoint is about to be written.
  virtual void on_checkpoint(Notes&) {}
  virtual Result<void> on_save(const SaveReport&) { return {}; }
  /// After the last step, evaluation and checkpoint of a run that was neither interrupted nor
  /// failed. Who changes the model's weights now says what they are.
  virtual Result<void> on_trained(TrainedWeights&) { return {}; }
  virtual Result<void> on_final_model(const FinalModelReport&) { return {}; }
  /// Always the last call, once, when `on_begin` of this callback was called.
  virtual void on_end(const EndReport&) {}
};

}  // namespace liquid::train
