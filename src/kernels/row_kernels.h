#pragma once

#include <cstdint>

#include "kernels/isa.h"

/// Loops over one row (or a few), for each instruction set. Internal to this room; the files that
/// are named after a layer cut matrices into rows and hand the rows to the team.
namespace liquid::kernels {

/// y = w ⊙ x · rstd; returns rstd.
struct NormRow {
  const float* x = nullptr;
  const float* weight = nullptr;
  std::int64_t cols = 0;
  float eps = 0;
  float* y = nullptr;
};

/// dx (+)= rstd · (w⊙dy − x̂ · mean(x̂⊙w⊙dy)); dweight += dy ⊙ x̂, unless null.
struct NormGradientRow {
  const float* x = nullptr;
  const float* weight = nullptr;
  std::int64_t cols = 0;
  float rstd = 0;
  const float* dy = nullptr;
  float* dx = nullptr;
  bool add = false;
  float* dweight = nullptr;
};

/// One position of the convolution. Pointers are to its own row of [B, C, X]; row t − j lies
/// j · stride floats before it, and `past` of these belong to the document.
struct ConvRow {
  const float* bcx = nullptr;
  std::int64_t stride = 0;
  std::int64_t channels = 0;
  const float* taps = nullptr;  ///< [K, channels]: taps[j] multiplies u[t − j]
  const float* bias = nullptr;
  std::int64_t past = 0;  ///< ≤ K − 1
  float* y = nullptr;
};

struct ConvGradientRow {
  const float* bcx = nullptr;
  std::int64_t stride = 0;
  std::int64_t channels = 0;
  const float* taps = nullptr;
  const float* bias = nullptr;
  std::int64_t past = 0;
  std::int64_t future = 0;  ///< rows after this one that see it, ≤ K − 1
  const float* dy = nullptr;
  std::int64_t dy_stride = 0;
  float* dbcx = nullptr;
  float* dtaps = nullptr;  ///< [K, channels], added to
  float* dbias = nullptr;  ///< [channels], added to
};

struct SwigluRow {
  const float* gate = nullptr;
  const float* up = nullptr;
  std::int64_t cols = 0;
  float* y = nullptr;
};

struct SwigluGradientRow {
  const float* gate = nullptr;
  const float* up = nullptr;
  const float* dy = nullptr;
  std::int64_t cols = 0;
  float* dgate = nullptr;
  float* dup = nullptr;
};

/// One head at one position: y = rotated(w ⊙ x · rstd); returns rstd.
struct RopeRow {
  const float* x = nullptr;
  const float* weight = nullptr;
  std::int64_t half = 0;  ///< half the head's size
  float eps = 0;
  const float* cos = nullptr;
  const float* sin = nullptr;
  float* y = nullptr;
};

struct RopeGradientRow {
  const float* x = nullptr;
  const float* weight = nullptr;
  std::int64_t half = 0;
  float rstd = 0;
  const float* cos = nullptr;
  const float* sin = nullptr;
  const float* dy = nullptr;
  float* dx = nullptr;
  float* dweight = nullptr;  ///< [2 · half], added to; or null
};

/// Σ e^(x − greatest), and the greatest.
struct Softmax {
  float greatest = 0;
  double sum = 0;
};

/// Values for a row of scores: what attention does between two products.
struct ScoreRow {
  float* scores = nullptr;
  std::int64_t count = 0;
  float scale = 1;
};

/// p = e^(scale · score − lse); ds = p ⊙ (dp − delta) · scale. p replaces score, ds replaces dp.
struct ScoreGradientRow {
  float* scores = nullptr;
  float* dscores = nullptr;
  std::int64_t count = 0;
  float scale = 1;
  float lse = 0;
  float delta = 0;
};

struct RowKernels {
  float (*norm)(const NormRow& row) = nullptr;
  void (*norm_gradient)(const NormGradientRow& row) = nullptr;
  void (*conv)(const ConvRow& row) = nullptr;
  void (*conv_gradient)(const ConvGradientRow& row) = nullptr;
  void (*swiglu)(const SwigluRow& row) = nullptr;
  void (*swiglu_gradient)(const SwigluGradientRow& row) = nullptr;
  float (*rope)(const RopeRow& row) = nullptr;
  void (*rope_gradient)(const RopeGradientRow& row) = nullptr;
  /// Only reads.
  Softmax (*softmax)(const float* row, std::int64_t count) = nullptr;
  /// row = e^(row − shift) · factor.
  void (*exponentials)(const ScoreRow& row, float shift, float factor) = nullptr;
  /// The greatest of `greatest` and scale · scores.
  float (*greatest)(const ScoreRow& row, float greatest) = nullptr;
  /// scores = e^(scale · scores − shift); returns their sum.
  float (*probabilities)(const ScoreRow& row, float shift) = nullptr;
  void (*score_gradient)(const ScoreGradientRow& row) = nullptr;
  float (*dot)(const float* a, const float* b, std::int64_t count) = nullptr;
  /// row *= factor
  void (*scale)(float* row, std::int64_t count, float factor) = nullptr;
  /// to += from
  void (*add)(const float* from, std::int64_t count, float* to) = nullptr;
};

const RowKernels& row_kernels(Isa isa);

}  // namespace liquid::kernels
