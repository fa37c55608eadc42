#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/weight.h"

/// NF4 with optional double quantization, code for code what bitsandbytes stores.
namespace liquid::kernels {

enum class ScaleStorage { plain, double_quantized };

struct Nf4Options {
  std::int64_t block = 64;  ///< elements per scale: a power of two, 32 … 4096
  ScaleStorage scales = ScaleStorage::double_quantized;
};

/// A quantized weight [rows, cols] that owns its bytes. Plain: absmax is filled. Double quantized:
/// absmax_codes, absmax2 and offset are.
struct Nf4Weight {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t block = 64;
  std::vector<std::uint8_t> codes{};  ///< ⌈rows·cols / 2⌉, the even element in the high nibble
  std::vector<float> absmax{};        ///< one per block
  std::vector<std::uint8_t> absmax_codes{};  ///< one per block
  std::vector<float> absmax2{};              ///< one per 256 blocks
  float offset = 0;                          ///< mean of the blocks' absmax

  /// Valid as long as this object is not changed.
  WeightView view() const;
  std::int64_t bytes() const;
};

/// values: rows · cols floats, row-major.
Nf4Weight nf4_quantize(std::span<const float> values, std::int64_t rows, std::int64_t cols,
                       const Nf4Options& options);

/// All elements of any weight as rows · cols floats.
void dequantize(const WeightView& weight, std::span<float> out);

/// The 16 values of NF4, ascending; the 256 values of the signed 8-bit dynamic map, ascending.
std::span<const float, 16> nf4_values();
std::span<const float, 256> dynamic_map();

}  // namespace liquid::kernels
