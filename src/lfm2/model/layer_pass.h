#pragma once

#include "lfm2/model/linear.h"
#include "lfm2/model/network.h"

namespace liquid::lfm2 {

/// What the forward pass of a layer leaves for its backward pass: inputs of norms and products.
/// Norms, gates and rotations are computed a second time from these, which costs next to nothing.
struct LayerKept {
  at::Tensor x;     ///< (T, H) input of the layer
  at::Tensor rstd;  ///< of its operator norm
  at::Tensor mid;   ///< (T, H) residual stream between operator and feed-forward part
  at::Tensor mid_rstd;

  at::Tensor bcx;  ///< conv: (T, 3H)
  struct Attention {
    QueryKeyValue raw;  ///< before norm and rotation
    at::Tensor q_rstd;
    at::Tensor k_rstd;
    Attended result;
  } attention;
  at::Tensor gate;  ///< (T, F)
  at::Tensor up;

  LowRankInputs in_low;   ///< in_proj; q, k, v
  LowRankInputs out_low;  ///< out_proj
  LowRankInputs up_low;   ///< w1, w3
  LowRankInputs down_low;
};

struct LayerResult {
  at::Tensor x;  ///< (T, H)
  LayerKept kept;
};
LayerResult layer_forward(const Pass& pass, const Layer& layer, at::Tensor x);

/// Adds the gradients of the layer's parameters and returns that of its input, unless `within`
/// says that nobody needs it: then the result is undefined. `dx` is used up.
at::Tensor layer_backward(const Pass& pass, const Layer& layer, LayerKept kept, at::Tensor dx,
                          Reach::Within within);

}  // namespace liquid::lfm2
