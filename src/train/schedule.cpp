#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace liquid::train {
namespace {

std::int64_t share_of(double share, std::int64_t steps) {
  return static_cast<std::int64_t>(std::ceil(share * static_cast<double>(steps)));
}

double ratio(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(whole, 1));
}

}  // namespace

Schedule::Schedule(const ScheduleSettings& settings, double peak, std::int64_t total_steps)
    : kind_(settings.kind),
      peak_(peak),
      least_(settings.min_lr_ratio),
      warmup_(settings.warmup_ratio ? share_of(*settings.warmup_ratio, total_steps)
                                    : settings.warmup_steps),
      total_(total_steps),
      decay_(share_of(settings.decay_ratio, total_steps)) {}

double Schedule::at(std::int64_t step) const {
  if (step < warmup_) return peak_ * ratio(step, warmup_);
  if (kind_ == ScheduleKind::constant) return peak_;
  return peak_ * (least_ + (1.0 - least_) * share_left(step));
}

// 1 at the peak, 0 at the end.
double Schedule::share_left(std::int64_t step) const {
  const double done = ratio(step - warmup_, total_ - warmup_);
  switch (kind_) {
    case ScheduleKind::linear: return std::clamp(1.0 - done, 0.0, 1.0);
    case ScheduleKind::cosine:
      return 0.5 * (1.0 + std::cos(std::numbers::pi * std::clamp(done, 0.0, 1.0)));
    case ScheduleKind::constant: return 1.0;
    case ScheduleKind::wsd: return std::clamp(ratio(total_ - step, decay_), 0.0, 1.0);
  }
  return 1.0;
}

}  // namespace liquid::train
