#pragma once

#include "kernels/matrix.h"
#include "kernels/team.h"

namespace liquid::kernels {

/// y = silu(gate) ⊙ up, silu(x) = x / (1 + exp(−x)). All [T, F]; y may be gate or up.
void swiglu(Team& team, ConstMatrix gate, ConstMatrix up, Matrix y);

struct SwigluGradient {
  ConstMatrix gate;  ///< [T, F], the inputs of the forward pass
  ConstMatrix up;
  ConstMatrix dy;
  Matrix dgate;  ///< [T, F]; may be gate
  Matrix dup;    ///< [T, F]; may be up
};

/// dgate = dy ⊙ up ⊙ silu′(gate),  dup = dy ⊙ silu(gate).
void swiglu_backward(Team& team, const SwigluGradient& gradient);

}  // namespace liquid::kernels
