#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/team.h"

namespace liquid::kernels {

/// Sums over all rows (gradients of weights) in an order that no thread changes: every part of
/// kGrain rows has a partial sum of its own, and finish() adds them in order.
class PartialSums {
 public:
  static constexpr std::int64_t kGrain = 64;

  PartialSums(Team& team, std::int64_t rows, std::int64_t width)
      : parts_((rows + kGrain - 1) / kGrain),
        width_(width),
        sums_(team.reserve_shared(parts_ * width)) {
    std::fill(sums_, sums_ + parts_ * width, 0.0F);
  }

  /// The sums of the part that begins with row `begin`.
  float* of(std::int64_t begin) const { return sums_ + begin / kGrain * width_; }

  /// to[i] += Σ over parts of element first + i, i < count.
  void finish(std::int64_t first, std::int64_t count, float* to) const {
    for (std::int64_t part = 0; part < parts_; ++part) {
      const float* from = sums_ + part * width_ + first;
      for (std::int64_t i = 0; i < count; ++i) to[i] += from[i];
    }
  }

 private:
  std::int64_t parts_;
  std::int64_t width_;
  float* sums_;
};

}  // namespace liquid::kernels
