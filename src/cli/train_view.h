#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "train/callback.h"
#include "train/run_plan.h"

namespace liquid::cli {

/// Shows a training: what is trained and on what, then a line that lives on a terminal (step, loss,
/// rate, trained tokens a second, share of the measured peak, memory, time left) or a plain line at
/// each log step otherwise; evaluations, checkpoints and the end. Stream and clock are borrowed.
std::unique_ptr<train::Callback> make_train_view(std::FILE* stream, const Clock& clock);

/// What one line says; its parts are left out when they are not known.
struct TrainLine {
  std::int64_t step = 0;
  std::int64_t total_steps = 0;
  double epoch = 0;
  double loss = 0;
  double learning_rate = 0;
  double tokens_per_second = 0;
  std::optional<double> share_of_peak;
  double memory_bytes = 0;
  std::optional<double> seconds_left;
};
std::string to_text(const TrainLine& line);

/// Model, method, data and steps, and the table of trained modules; each line ended.
std::string plan_text(const train::RunPlan& plan);

}  // namespace liquid::cli
