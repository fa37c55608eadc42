#include "lfm2/model/dropout.h"

#include <cmath>

namespace liquid::lfm2 {
namespace {

// Every bit of (seed, module) moves every bit of the keys: neighbours must not share a mask.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

constexpr double kLevels = 16777216.0;  // 2²⁴: as fine as a float between 0.5 and 1

}  // namespace

DropoutMask dropout_mask(std::uint64_t seed, std::uint64_t module, float dropout) {
  const std::uint64_t key = mix(mix(seed) ^ (module * 0xD1342543DE82EF95ULL + 1));
  DropoutMask mask;
  mask.key_low = static_cast<std::uint32_t>(key);
  mask.key_high = static_cast<std::uint32_t>(key >> 32);
  mask.threshold = static_cast<std::uint32_t>(std::lround(static_cast<double>(dropout) * kLevels));
  mask.kept_scale = static_cast<float>(1.0 / (1.0 - static_cast<double>(dropout)));
  return mask;
}

void apply_dropout(const DropoutMask& mask, std::int64_t first, std::span<const float> values,
                   float* out) {
  // The high half of the element's number changes every 2³² elements only: with it as a constant
  // the loop is 32-bit arithmetic, which the compiler makes into vectors.
  const auto start = static_cast<std::uint64_t>(first);
  const std::uint64_t until_carry = (std::uint64_t{1} << 32) - (start & 0xFFFFFFFFU);
  const std::size_t count = values.size() < until_carry ? values.size() : until_carry;
  const auto low = static_cast<std::uint32_t>(start);
  const std::uint32_t high = static_cast<std::uint32_t>(start >> 32) ^ mask.key_high;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t element = (low + static_cast<std::uint32_t>(i)) ^ mask.key_low;
    const std::uint32_t mixed = DropoutMask::finish(DropoutMask::finish(element) ^ high);
    out[i] = values[i] * ((mixed >> 8) >= mask.threshold ? mask.kept_scale : 0.0F);
  }
  if (count < values.size()) {
    apply_dropout(mask, first + static_cast<std::int64_t>(count), values.subspan(count),
                  out + count);
  }
}

}  // namespace liquid::lfm2
