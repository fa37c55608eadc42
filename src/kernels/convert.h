#pragma once

#include <cstdint>
#include <span>

namespace liquid::kernels {

/// Narrowing rounds to nearest, ties to even; overflow becomes infinity; NaN stays a (quiet) NaN;
/// f16 keeps subnormal numbers. Widening is exact. `to` is at least as long as `from`.
void f32_to_bf16(std::span<const float> from, std::span<std::uint16_t> to);
void f32_to_f16(std::span<const float> from, std::span<std::uint16_t> to);
void bf16_to_f32(std::span<const std::uint16_t> from, std::span<float> to);
void f16_to_f32(std::span<const std::uint16_t> from, std::span<float> to);

/// x rounded to bf16 and widened again.
float round_to_bf16(float x);

}  // namespace liquid::kernels
