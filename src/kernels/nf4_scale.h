#pragma once

#include <array>

#include "kernels/weight.h"

namespace liquid::kernels {

/// The signed 8-bit dynamic map of double quantization, ascending.
extern const std::array<float, 256> kDynamicMap;

/// absmax of a block, from either storage.
inline float nf4_scale(const Nf4Scales& scales, std::int64_t block) {
  if (scales.plain != nullptr) return scales.plain[block];
  return kDynamicMap[scales.codes[block]] * scales.absmax2[block / 256] + scales.offset;
}

}  // namespace liquid::kernels
