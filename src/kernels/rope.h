#pragma once

#include <vector>

#include "kernels/matrix.h"
#include "kernels/team.h"

namespace liquid::kernels {

/// cos and sin of position · theta^(−2i/D), i < D/2, as the reference computes them: the angle is a
/// product of two fp32 numbers.
class RopeTable {
 public:
  /// `head_dim` D is even.
  RopeTable(double theta, std::int64_t head_dim, std::int64_t positions);

  std::int64_t positions() const { return positions_; }
  std::int64_t head_dim() const { return 2 * half_; }
  const float* cos(std::int64_t position) const { return &cos_[index(position)]; }  ///< [D/2]
  const float* sin(std::int64_t position) const { return &sin_[index(position)]; }  ///< [D/2]

 private:
  std::size_t index(std::int64_t position) const {
    return static_cast<std::size_t>(position * half_);
  }
  std::int64_t half_;
  std::int64_t positions_;
  std::vector<float> cos_;
  std::vector<float> sin_;
};

/// RMSNorm of each head with one weight [D] for all heads, then the half-split rotation:
///   n = weight ⊙ x · rstd;  y[i] = n[i]·cos_i − n[i+D/2]·sin_i;  y[i+D/2] = n[i+D/2]·cos_i +
///   n[i]·sin_i.
struct HeadRope {
  const RopeTable* table = nullptr;  ///< reaches the longest document
  const float* weight = nullptr;     ///< [D]
  float eps = 1e-5F;
  std::int64_t first_position = 0;  ///< of the first row of every document (generation: > 0)
};

struct HeadRopeForward {
  ConstMatrix x;          ///< [T, heads · D]
  Matrix y;               ///< [T, heads · D]; may be x
  float* rstd = nullptr;  ///< [T, heads], kept for the backward pass
};

/// Positions restart at every border.
void head_rope(Team& team, const HeadRope& rope, Borders borders, const HeadRopeForward& forward);

struct HeadRopeGradient {
  ConstMatrix x;                ///< [T, heads · D], the input of the forward pass
  const float* rstd = nullptr;  ///< [T, heads]
  ConstMatrix dy;               ///< [T, heads · D]
  Matrix dx;                    ///< [T, heads · D], replaced; may be dy
  float* dweight = nullptr;     ///< [D], added to; null: not wanted
};

void head_rope_backward(Team& team, const HeadRope& rope, Borders borders,
                        const HeadRopeGradient& gradient);

}  // namespace liquid::kernels
