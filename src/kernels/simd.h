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
using Int __attribute__((vector_size(kWidth * 4))) = std::int32_t;
/// In memory: aligned like its element, no more.
using StoredFloat __attribute__((vector_size(kWidth * 4), aligned(4), may_alias)) = float;

LIQUID_INLINE Float load(const float* from) { return *reinterpret_cast<const StoredFloat*>(from); }
LIQUID_INLINE void store(float* to, Float value) { *reinterpret_cast<StoredFloat*>(to) = value; }
LIQUID_INLINE Float splat(float value) { return value - Float{}; }

}  // namespace liquid::kernels::LIQUID_SIMD_NAMESPACE
