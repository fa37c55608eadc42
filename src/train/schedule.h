#pragma once

#include <cstdint>

#include "train/settings.h"

namespace liquid::train {

/// The learning rate as a function of the step.
///
/// During warm-up the rate of step s (the first is 0) is peak·s/warm-up, so a run with warm-up
/// begins with a step of rate 0, as Hugging Face's schedules do. After it:
///   linear    falls evenly from the peak to the least at the end
///   cosine    falls along half a cosine
///   constant  stays
///   wsd       stays, and falls evenly in the last part ("warm-up, stable, decay")
class Schedule {
 public:
  /// `total_steps` as planned for the whole run, with those of a run that is continued.
  Schedule(const ScheduleSettings& settings, double peak, std::int64_t total_steps);

  double at(std::int64_t step) const;
  std::int64_t warmup_steps() const { return warmup_; }

 private:
  double share_left(std::int64_t step) const;

  ScheduleKind kind_;
  double peak_;
  double least_;  ///< as a share of the peak
  std::int64_t warmup_;
  std::int64_t total_;
  std::int64_t decay_;  ///< wsd: steps in which the rate falls
};

}  // namespace liquid::train
