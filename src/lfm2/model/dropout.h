#pragma once

#include <cstdint>
#include <span>

namespace liquid::lfm2 {

/// Which elements of a matrix are dropped: a function of seed, module and element alone, so that a
/// second computation, another device or another number of threads meets the same mask.
///
/// Element i is kept when the upper 24 bits of mix(i, key) are at least dropout · 2²⁴.
struct DropoutMask {
  std::uint32_t key_low = 0;
  std::uint32_t key_high = 0;
  std::uint32_t threshold = 0;  ///< below: dropped
  float kept_scale = 1;         ///< 1 / (1 − dropout)

  /// `element` is row · columns + column.
  bool keeps(std::uint64_t element) const { return (mixed(element) >> 8) >= threshold; }
  std::uint32_t mixed(std::uint64_t element) const {
    const auto low = static_cast<std::uint32_t>(element);
    const auto high = static_cast<std::uint32_t>(element >> 32);
    return finish(finish(low ^ key_low) ^ high ^ key_high);
  }

  /// A bijection of 32 bits in which every input bit moves half of the output bits.
  static std::uint32_t finish(std::uint32_t x) {
    x = (x ^ (x >> 16)) * kFirst;
    x = (x ^ (x >> 13)) * kSecond;
    return x ^ (x >> 16);
  }
  static constexpr std::uint32_t kFirst = 0x85EBCA6BU;
  static constexpr std::uint32_t kSecond = 0xC2B2AE35U;
};

/// `seed` of the pass, `module` the adapter's number, `dropout` in [0, 1).
DropoutMask dropout_mask(std::uint64_t seed, std::uint64_t module, float dropout);

/// out[i] = values[i] · kept_scale where the mask keeps element first + i, else 0. `out` may be
/// the values' own memory.
void apply_dropout(const DropoutMask& mask, std::int64_t first, std::span<const float> values,
                   float* out);
/// The same, added to `sums`, which are other memory.
void add_dropout(const DropoutMask& mask, std::int64_t first, std::span<const float> values,
                 float* sums);

}  // namespace liquid::lfm2
