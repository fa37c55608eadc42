#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/trainer_state.h"
#include "train/callback.h"

namespace liquid::train {

/// The best evaluation so far.
struct BestEvaluation {
  double loss = 0;
  std::int64_t step = 0;
  bool operator==(const BestEvaluation&) const = default;
};

/// How far a run has come: with weights, moments and plan, all that the next step depends on. There
/// is no state of a random generator: order and dropout follow from the seed and the step's number.
struct Progress {
  std::int64_t step = 0;           ///< steps made
  std::int64_t epoch = 0;          ///< epochs finished
  std::int64_t step_in_epoch = 0;  ///< steps made of the next one
  double seconds = 0;              ///< spent, over all runs
  std::int64_t positions = 0;
  std::int64_t trained_tokens = 0;
  /// Steps since the last log, summed up; `loss` is the sum of the token losses.
  StepReport since_log;
  std::optional<double> train_loss;  ///< the last one logged
  std::optional<double> eval_loss;
  std::int64_t eval_step = -1;  ///< step of eval_loss
  std::optional<BestEvaluation> best;
  std::vector<formats::TrainerLog> history;  ///< for trainer_state.json
};

/// Numbers come back bit by bit.
std::string write_progress(const Progress& progress);
/// Errors: data_corrupt.
Result<Progress> parse_progress(std::string_view json);

}  // namespace liquid::train
