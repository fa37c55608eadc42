#pragma once

#include <cstdint>
#include <span>

#include "kernels/team.h"

namespace liquid::kernels {

struct AdamW {
  double learning_rate = 2e-4;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.01;
  float gradient_scale = 1;  ///< multiplied into the gradient first: 1/tokens, clipping
};

/// One tensor and its moments, all of one length.
struct AdamWTensor {
  std::span<float> value;
  std::span<const float> gradient;
  std::span<float> m;
  std::span<float> v;
};

/// Step number `step` (the first is 1), each line rounded to fp32 in the order of PyTorch's AdamW:
///   p *= 1 − lr·decay;  m += (g − m)·(1 − β1);  v = v·β2 + g·g·(1 − β2)
///   p −= lr / (1 − β1^step) · m / (√v / √(1 − β2^step) + eps)
/// The same bits for every number of threads and every Isa.
void adamw_step(Team& team, const AdamW& options, const AdamWTensor& tensor, std::int64_t step);

/// Σ x² in double, in a fixed order: the part of one tensor in the gradient's norm.
double sum_of_squares(Team& team, std::span<const float> values);

}  // namespace liquid::kernels
