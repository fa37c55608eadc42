#include "kernels/convert.h"

#include "kernels/gemm_kernels.h"
#include "kernels/weight_bits.h"

namespace liquid::kernels {

void f32_to_bf16(std::span<const float> from, std::span<std::uint16_t> to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = bf16_bits(from[i]);
}

void f32_to_f16(std::span<const float> from, std::span<std::uint16_t> to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = f16_bits(from[i]);
}

void bf16_to_f32(std::span<const std::uint16_t> from, std::span<float> to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = bf16_value(from[i]);
}

void f16_to_f32(std::span<const std::uint16_t> from, std::span<float> to) {
  gemm_kernels(best_isa()).widen_f16(from.data(), std::ssize(from), to.data());
}

float round_to_bf16(float x) { return bf16_value(bf16_bits(x)); }

}  // namespace liquid::kernels
