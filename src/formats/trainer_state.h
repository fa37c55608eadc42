#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace liquid::formats {

/// One entry of `log_history`: names and values in order, e.g. loss, grad_norm, learning_rate.
struct TrainerLog {
  double epoch = 0.0;
  std::int64_t step = 0;
  std::vector<std::pair<std::string, double>> values;
  bool operator==(const TrainerLog&) const = default;
};

/// `trainer_state.json` as Hugging Face's Trainer writes it into a checkpoint. Numbers that are not
/// finite are written the way Python's json does (NaN, Infinity) and read back.
struct TrainerState {
  std::optional<double> best_metric;
  std::optional<std::int64_t> best_global_step;
  std::optional<std::string> best_model_checkpoint;
  double epoch = 0.0;
  std::int64_t eval_steps = 500;
  std::int64_t global_step = 0;
  std::vector<TrainerLog> log_history;
  std::int64_t logging_steps = 500;
  std::int64_t max_steps = 0;
  std::int64_t num_input_tokens_seen = 0;
  std::int64_t num_train_epochs = 0;
  std::int64_t save_steps = 500;
  double total_flos = 0.0;
  std::int64_t train_batch_size = 1;
  bool operator==(const TrainerState&) const = default;
};

std::string write_trainer_state(const TrainerState& state);
/// Unknown keys are ignored. Errors: data_corrupt.
Result<TrainerState> parse_trainer_state(std::string_view json);

}  // namespace liquid::formats
