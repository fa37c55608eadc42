#pragma once

#include "kernels/matrix.h"
#include "kernels/team.h"

namespace liquid::kernels {

/// The gated short convolution of LFM2 over H channels: with [B, C, X] the three thirds of `bcx`,
///   u = B ⊙ X,   v[t, c] = bias[c] + Σ_j kernel[c, j] · u[t − (K−1) + j, c],   y = C ⊙ v,
/// where u before the start of a document is 0.
struct ShortConv {
  const float* kernel = nullptr;  ///< [H, K], row-major: the checkpoint's [H, 1, K]
  const float* bias = nullptr;    ///< [H] or null
  std::int64_t taps = 3;          ///< K ≥ 1
};

/// bcx [T, 3H], y [T, H].
void short_conv(Team& team, const ShortConv& conv, Borders borders, ConstMatrix bcx, Matrix y);

struct ShortConvGradient {
  ConstMatrix bcx;           ///< [T, 3H], the input of the forward pass
  ConstMatrix dy;            ///< [T, H]
  Matrix dbcx;               ///< [T, 3H], replaced; must not be bcx
  float* dkernel = nullptr;  ///< [H, K], added to; null: not wanted
  float* dbias = nullptr;    ///< [H], added to; null: not wanted
};

void short_conv_backward(Team& team, const ShortConv& conv, Borders borders,
                         const ShortConvGradient& gradient);

/// One continuing document, for generation: `state` [K−1, H] holds the u of the K−1 positions
/// before the first row (0 at the start) and is brought up to date.
void short_conv_step(const ShortConv& conv, ConstMatrix bcx, float* state, Matrix y);

}  // namespace liquid::kernels
