#pragma once

#include "kernels/matrix.h"
#include "kernels/team.h"

namespace liquid::kernels {

/// y[t, c] = weight[c] · x[t, c] · rstd[t],   rstd[t] = 1 / sqrt(mean_c(x[t, c]²) + eps).
struct RmsNorm {
  const float* weight = nullptr;  ///< [C]
  float eps = 1e-5F;
};

/// x, y [T, C]; rstd [T] is kept for the backward pass. y may be x.
void rms_norm(Team& team, const RmsNorm& norm, ConstMatrix x, Matrix y, float* rstd);

struct RmsNormGradient {
  ConstMatrix x;                    ///< [T, C], the input of the forward pass
  const float* rstd = nullptr;      ///< [T]
  ConstMatrix dy;                   ///< [T, C]
  Matrix dx;                        ///< [T, C]; may be dy
  Write dx_write = Write::replace;  ///< add: onto the gradient of the residual stream
  float* dweight = nullptr;         ///< [C], added to; null: not wanted
};

/// dx = rstd · (w⊙dy − x̂ · mean(x̂ ⊙ w⊙dy)),  x̂ = x·rstd;   dweight += Σ_t dy ⊙ x̂.
void rms_norm_backward(Team& team, const RmsNorm& norm, const RmsNormGradient& gradient);

}  // namespace liquid::kernels
