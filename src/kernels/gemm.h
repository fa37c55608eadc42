#pragma once

#include <span>

#include "kernels/matrix.h"
#include "kernels/team.h"
#include "kernels/weight.h"

/// Matrix products in fp32. T positions, I in features, O out features, R rank of an adapter.
/// Sizes may be anything including 0. Every element is a sum in a fixed order: the same bits for
/// every number of threads (not for every Isa). Outputs must not overlap inputs or one another.
namespace liquid::kernels {

/// A low-rank term that a product adds while its tile of the result is in the cache:
/// + scale · left · right(ᵀ). Without adapter: left.cols == 0.
struct LowRank {
  ConstMatrix left{};   ///< [T, R]
  ConstMatrix right{};  ///< forward: B [O, R]; backward: A [R, I]
  float scale = 1;
};

/// y (=|+=) x · Wᵀ + scale · h · Bᵀ
struct ForwardPart {
  WeightView weight;  ///< W [O, I]
  Matrix y;           ///< [T, O]
  LowRank adapter{};  ///< h = x·Aᵀ [T, R] (times dropout…), B [O, R]
  Write write = Write::replace;
};

/// Products of the same x [T, I] with one or several weights (q, k, v; w1, w3): x is packed once.
void linear_forward(Team& team, ConstMatrix x, std::span<const ForwardPart> parts);

/// One term of the gradient by the input: dy · W + scale · g · A
struct BackwardPart {
  ConstMatrix dy;     ///< [T, O]
  WeightView weight;  ///< W [O, I]
  LowRank adapter{};  ///< g = dy·B [T, R], A [R, I]
};

/// dx (=|+=) Σ over parts: parts that shared their input are summed in one pass. dx [T, I].
void linear_backward(Team& team, std::span<const BackwardPart> parts, Matrix dx, Write write);

struct ProductOptions {
  float scale = 1;
  Write write = Write::replace;
};

/// c [M, N] (=|+=) scale · a [M, K] · b [N, K]ᵀ. Adapter, forward: h = x·Aᵀ.
void multiply_nt(Team& team, ConstMatrix a, ConstMatrix b, Matrix c, ProductOptions options);
/// c [M, N] (=|+=) scale · a [M, K] · b [K, N]. Adapter, backward: g = dy·B.
void multiply_nn(Team& team, ConstMatrix a, ConstMatrix b, Matrix c, ProductOptions options);
/// c [M, N] (=|+=) scale · a [K, M]ᵀ · b [K, N]. Gradients of weights: dW += dyᵀ·x.
void multiply_tn(Team& team, ConstMatrix a, ConstMatrix b, Matrix c, ProductOptions options);

}  // namespace liquid::kernels
