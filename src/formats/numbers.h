#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace liquid::formats {

/// Bits of one value of a safetensors dtype ("F32" → 32), nothing for a name that does not exist.
std::optional<std::uint64_t> dtype_bits(std::string_view dtype);

/// IEEE half and bfloat16 as 16 bits. Narrowing rounds to nearest, ties to even; overflow gives
/// infinity; a NaN stays a (quiet) NaN.
float f32_from_f16(std::uint16_t bits);
inline float f32_from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}
std::uint16_t f16_from_f32(float value);
std::uint16_t bf16_from_f32(float value);

/// Little-endian values of `dtype` as floats; `bytes` need not be aligned. Known: F32, F16, BF16,
/// F64 (rounded). Errors: unsupported (another dtype), invalid_argument (lengths do not fit).
Result<void> widen_to_f32(std::string_view dtype, std::span<const std::byte> bytes,
                          std::span<float> out);

/// Floats as little-endian values of `dtype`: F32, F16, BF16. Errors as above.
Result<void> narrow_from_f32(std::span<const float> values, std::string_view dtype,
                             std::span<std::byte> out);

/// Q8_0 of ggml: blocks of 32 values, each an f16 scale and 32 signed bytes (34 bytes).
/// `values.size()` must be a multiple of 32 and `out` have 34 bytes per block.
inline constexpr std::size_t kQ8Block = 32;
inline constexpr std::size_t kQ8BlockBytes = 34;
void quantize_q8_0(std::span<const float> values, std::span<std::byte> out);
void dequantize_q8_0(std::span<const std::byte> blocks, std::span<float> out);

}  // namespace liquid::formats
