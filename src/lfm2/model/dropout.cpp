#include "lfm2/model/dropout.h"

#include <algorithm>
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

// Elements whose number has the same high half: with it as a constant the loop over them is 32-bit
// arithmetic, which the compiler makes into vectors.
struct Run {
  std::uint32_t low = 0;
  std::uint32_t key_low = 0;
  std::uint32_t high = 0;
  std::uint32_t threshold = 0;
  float kept_scale = 1;

  float factor(std::uint32_t i) const {
    const std::uint32_t mixed =
        DropoutMask::finish(DropoutMask::finish((low + i) ^ key_low) ^ high);
    return (mixed >> 8) >= threshold ? kept_scale : 0.0F;
  }
};

template <typename Work>
void for_each_run(const DropoutMask& mask, std::int64_t first, std::size_t size, const Work& work) {
  std::size_t at = 0;
  while (at < size) {
    const std::uint64_t element = static_cast<std::uint64_t>(first) + at;
    const std::uint64_t until_carry = (std::uint64_t{1} << 32) - (element & 0xFFFFFFFFU);
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, until_carry));
    const Run run{.low = static_cast<std::uint32_t>(element),
                  .key_low = mask.key_low,
                  .high = static_cast<std::uint32_t>(element >> 32) ^ mask.key_high,
                  .threshold = mask.threshold,
                  .kept_scale = mask.kept_scale};
    work(run, at, count);
    at += count;
  }
}

// Twenty integer operations for each element: four times as fast with the processor's own vectors,
// and the same bits. (clang 14 would need another spelling; it only builds the fuzz targets.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LIQUID_LFM2_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LIQUID_LFM2_VECTORS
#endif

LIQUID_LFM2_VECTORS
void write_run(const Run& run, const float* values, float* out, std::size_t count) {
  const Run copy = run;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = values[i] * copy.factor(static_cast<std::uint32_t>(i));
  }
}

LIQUID_LFM2_VECTORS
void add_run(const Run& run, const float* values, float* sums, std::size_t count) {
  const Run copy = run;
  for (std::size_t i = 0; i < count; ++i) {
    sums[i] += values[i] * copy.factor(static_cast<std::uint32_t>(i));
  }
}

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
  for_each_run(mask, first, values.size(), [&](const Run& run, std::size_t at, std::size_t count) {
    write_run(run, values.data() + at, out + at, count);
  });
}

void add_dropout(const DropoutMask& mask, std::int64_t first, std::span<const float> values,
                 float* sums) {
  for_each_run(mask, first, values.size(), [&](const Run& run, std::size_t at, std::size_t count) {
    add_run(run, values.data() + at, sums + at, count);
  });
}

}  // namespace liquid::lfm2
