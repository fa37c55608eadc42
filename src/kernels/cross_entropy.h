#pragma once

#include <cstdint>
#include <span>

#include "kernels/matrix.h"
#include "kernels/team.h"

namespace liquid::kernels {

/// A row with this label is not scored; its gradient is 0.
inline constexpr std::int64_t kIgnoredLabel = -100;

struct LossSum {
  double loss = 0;         ///< Σ of −log softmax(logits)[label], summed in double, in row order
  std::int64_t count = 0;  ///< rows that were scored
};

/// logits [R, V]; labels [R], each in [0, V) or kIgnoredLabel.
LossSum cross_entropy(Team& team, ConstMatrix logits, std::span<const std::int64_t> labels);

/// The same, and leaves gradient_scale · (softmax(logits) − onehot(label)) in `logits`.
LossSum cross_entropy_gradient(Team& team, Matrix logits, std::span<const std::int64_t> labels,
                               float gradient_scale);

}  // namespace liquid::kernels
