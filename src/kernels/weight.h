#pragma once

#include <cstdint>

namespace liquid::kernels {

/// How the elements of a weight are stored. They are widened to fp32 (exactly) while a product
/// packs them, so 16-bit and 4-bit weights save memory and cost next to no time beside ~1000 rows.
enum class WeightType { f32, bf16, f16, nf4 };

/// "f32", "bf16", "f16", "nf4".
const char* weight_type_name(WeightType type);

/// Scales of an NF4 weight. Element i of the flattened matrix is
///   code[q_i] · absmax(⌊i / block⌋),
/// absmax(b) = plain[b], or with double quantization
/// absmax(b) = map8[codes[b]] · absmax2[⌊b / 256⌋] + offset.
struct Nf4Scales {
  std::int64_t block = 64;              ///< elements per scale; a power of two
  const float* plain = nullptr;         ///< if null, the double-quantized form below
  const std::uint8_t* codes = nullptr;  ///< one per block
  const float* absmax2 = nullptr;       ///< one per 256 blocks
  float offset = 0;
};

/// A weight [rows = out features, cols = in features], row-major, that somebody else owns.
/// nf4: two elements per byte, the even one in the high nibble; stride must equal cols, and
/// `first` is the index of element (0, 0) in the flattened quantized matrix, so that a range of
/// rows of a quantized matrix is a weight, too.
struct WeightView {
  WeightType type = WeightType::f32;
  const void* data = nullptr;  ///< aligned to the element (f32 4, bf16/f16 2, nf4 1)
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;  ///< elements from one row to the next
  std::int64_t first = 0;   ///< nf4 only
  Nf4Scales scales{};       ///< nf4 only
};

WeightView weight_f32(const float* data, std::int64_t rows, std::int64_t cols);
WeightView weight_bf16(const std::uint16_t* data, std::int64_t rows, std::int64_t cols);
WeightView weight_f16(const std::uint16_t* data, std::int64_t rows, std::int64_t cols);

/// Rows [first, first + count) of a weight.
WeightView rows(const WeightView& weight, std::int64_t first, std::int64_t count);

/// Row `row` as cols floats: the look-up of an embedding.
void read_row(const WeightView& weight, std::int64_t row, float* out);

}  // namespace liquid::kernels
