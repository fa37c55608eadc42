#pragma once

#include <cstdint>

/// Vectors of floats as the compiler's own type: + − * work on them, a·b + c becomes one
/// instruction.
///
/// A kernel is written once, in a header that names its functions LIQUID_KERNEL, and compiled once
/// for each instruction set by kernels_<isa>.cpp, which defines the three macros below and includes
/// it. A target attribute on every function instead of flags for the file: nothing that other files
/// share (inline functions of the standard library) is ever compiled for a processor we may not
/// have.
#ifndef LIQUID_SIMD_NAMESPACE
#define LIQUID_SIMD_NAMESPACE portable
#define LIQUID_SIMD_WIDTH 4
#define LIQUID_SIMD_TARGET
#endif

#define LIQUID_KERNEL LIQUID_SIMD_TARGET static
#define LIQUID_INLINE [[gnu::always_inline]] LIQUID_SIMD_TARGET static inline

namespace liquid::kernels::LIQUID_SIMD_NAMESPACE {

constexpr int kWidth = LIQUID_SIMD_WIDTH;

using Float __attribute__((vector_size(kWidth * 4))) = float;
using Bits __attribute__((vector_size(kWidth * 4))) = std::uint32_t;
/// In memory: aligned like its element, no more.
using StoredFloat __attribute__((vector_size(kWidth * 4), aligned(4), may_alias)) = float;

LIQUID_INLINE Float load(const float* from) { return *reinterpret_cast<const StoredFloat*>(from); }
LIQUID_INLINE void store(float* to, Float value) { *reinterpret_cast<StoredFloat*>(to) = value; }
LIQUID_INLINE Float splat(float value) { return value - Float{}; }

/// The first `count` floats (all, if there are as many); other lanes are 0, and are not stored.
LIQUID_INLINE Float load(const float* from, std::int64_t count) {
  if (count >= kWidth) return load(from);
  float lanes[kWidth] = {};
  for (std::int64_t i = 0; i < count; ++i) lanes[i] = from[i];
  return load(lanes);
}
LIQUID_INLINE void store(float* to, Float value, std::int64_t count) {
  if (count >= kWidth) return store(to, value);
  float lanes[kWidth];
  store(lanes, value);
  for (std::int64_t i = 0; i < count; ++i) to[i] = lanes[i];
}

/// The sum of the lanes, by halves.
LIQUID_INLINE float sum(Float value) {
  float lanes[kWidth];
  store(lanes, value);
#pragma GCC unroll 4
  for (int half = kWidth / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

/// e^x within 2 units of the last place; 0 below −87, infinity above 88.72; NaN stays NaN.
/// e^x = 2^n · e^r with n = round(x / ln 2); |r| ≤ ln 2 / 2, where the terms of the series from r⁸
/// on are below a tenth of a unit.
LIQUID_INLINE Float exp(Float x) {
  constexpr float kLog2e = 1.44269504088896341F;
  constexpr float kLn2High = 0.693359375F;  // few bits: n · kLn2High is exact
  constexpr float kLn2Low = -2.12194440e-4F;
  constexpr float kRound = 12582912.0F;  // 1.5 · 2^23: adding it leaves n in the low bits
  constexpr float kLeast = -87.0F;
  constexpr float kMost = 88.7228317F;
  const Float low = splat(kLeast);
  const Float high = splat(kMost);
  Float within = x < low ? low : x;
  within = within > high ? high : within;
  const Float shifted = within * kLog2e + kRound;
  const Float n = shifted - kRound;
  const Float r = (within - n * kLn2High) - n * kLn2Low;
  Float series = r * (1.0F / 5040) + (1.0F / 720);
  series = series * r + (1.0F / 120);
  series = series * r + (1.0F / 24);
  series = series * r + (1.0F / 6);
  series = series * r + 0.5F;
  series = series * r + 1.0F;
  series = series * r + 1.0F;
  // 2^(n−1), because 2^128 is not a float, and twice the series.
  const Bits bits = (__builtin_bit_cast(Bits, shifted) - (0x4b400000U - 126U)) << 23;
  const Float power = __builtin_bit_cast(Float, bits);
  Float result = (series + series) * power;
  result = x < low ? Float{} : result;
  return x > high ? splat(__builtin_inff()) : result;
}

}  // namespace liquid::kernels::LIQUID_SIMD_NAMESPACE
