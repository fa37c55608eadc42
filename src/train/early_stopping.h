#pragma once

#include <cstdint>
#include <optional>

#include "train/callback.h"

namespace liquid::train {

/// Asks the loop to stop when the evaluation loss has not got better, by more than `threshold`, for
/// `patience` evaluations in a row. Goes on counting after `--resume`.
class EarlyStopping final : public Callback {
 public:
  EarlyStopping(std::int64_t patience, double threshold)
      : patience_(patience), threshold_(threshold) {}

  Result<void> on_begin(const RunPlan& plan) override;
  Result<void> on_eval(const EvalReport& report, Requests& requests) override;
  void on_checkpoint(Notes& notes) override;

 private:
  std::int64_t patience_;
  double threshold_;
  std::optional<double> best_;
  std::int64_t in_vain_ = 0;  ///< evaluations since the best
};

}  // namespace liquid::train
