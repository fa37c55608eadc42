#include "kernels/nf4.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>

#include "kernels/gemm_product.h"
#include "kernels/nf4_scale.h"
#include "kernels/weight_bits.h"

namespace liquid::kernels {
namespace {

constexpr std::int64_t kScaleBlock = 256;  // blocks that share one absmax2
constexpr float kLeastAbsmax = 1e-38F;

// A value goes up when it is greater than the middle between two codes.
constexpr std::array<float, 15> kThresholds = {
    -0.8480964004993439F,  -0.6106329262256622F,  -0.4599952697753906F,   -0.33967943489551544F,
    -0.23460740596055984F, -0.13791173323988914F, -0.045525018125772476F, 0.03979014977812767F,
    0.1202552504837513F,   0.2035212516784668F,   0.2920137718319893F,    0.3893125355243683F,
    0.5016634166240692F,   0.6427869200706482F,   0.8614784181118011F,
};

// 2^e intervals of [0.1, 1] for e = 0 … 6, their middles times 10^(e − 6), both signs; 0 and 1.
// Rounded where the original rounds: boundaries in one rounding each, counted from the nearer end.
std::array<float, 256> make_dynamic_map() {
  std::array<float, 256> map{};
  std::size_t next = 0;
  for (int exponent = 0; exponent < 7; ++exponent) {
    const int intervals = 1 << exponent;
    const float step = (1.0F - 0.1F) / static_cast<float>(intervals);
    const auto boundary = [intervals, step](int i) {
      const double exact = i < (intervals + 1) / 2 ? double{0.1F} + double{step} * i
                                                   : 1.0 - double{step} * (intervals - i);
      return static_cast<float>(exact);
    };
    const auto power = static_cast<float>(std::pow(10.0, exponent - 6));
    for (int i = 0; i < intervals; ++i) {
      const float value = power * ((boundary(i) + boundary(i + 1)) / 2);
      map[next++] = value;
      map[next++] = -value;
    }
  }
  map[next++] = 0;
  map[next++] = 1;
  std::sort(map.begin(), map.end());
  return map;
}

std::uint8_t nf4_code(float value) {
  const auto above = std::lower_bound(kThresholds.begin(), kThresholds.end(), value);
  return static_cast<std::uint8_t>(above - kThresholds.begin());
}

std::uint8_t dynamic_code(float value) {
  const auto& map = kDynamicMap;
  const auto above = std::upper_bound(map.begin(), map.end(), value);
  if (above == map.begin()) return 0;
  if (above == map.end()) return 255;
  const float middle = (*above + *(above - 1)) * 0.5F;
  return static_cast<std::uint8_t>(above - map.begin() - (value > middle ? 0 : 1));
}

float absmax_of(std::span<const float> values) {
  float most = 0;
  for (const float value : values) most = std::max(most, std::abs(value));
  return most;
}

void quantize_scales(Nf4Weight& weight) {
  double sum = 0;
  for (const float absmax : weight.absmax) sum += static_cast<double>(absmax);
  const std::size_t blocks = weight.absmax.size();
  weight.offset = blocks == 0 ? 0.0F : static_cast<float>(sum / static_cast<double>(blocks));
  for (float& absmax : weight.absmax) absmax -= weight.offset;
  for (std::size_t begin = 0; begin < blocks; begin += kScaleBlock) {
    const std::span<const float> part =
        std::span(weight.absmax).subspan(begin, std::min<std::size_t>(kScaleBlock, blocks - begin));
    const float most = absmax_of(part);
    weight.absmax2.push_back(most);
    const float inverse = 1.0F / std::max(most, kLeastAbsmax);
    for (const float absmax : part) weight.absmax_codes.push_back(dynamic_code(absmax * inverse));
  }
  weight.absmax.clear();
}

}  // namespace

const std::array<float, 256> kDynamicMap = make_dynamic_map();

std::span<const float, 16> nf4_values() { return kNf4Values; }
std::span<const float, 256> dynamic_map() { return kDynamicMap; }

Nf4Weight nf4_quantize(std::span<const float> values, std::int64_t rows, std::int64_t cols,
                       const Nf4Options& options) {
  assert(std::ssize(values) == rows * cols);
  assert(std::has_single_bit(static_cast<std::uint64_t>(options.block)));
  Nf4Weight weight = {.rows = rows, .cols = cols, .block = options.block};
  weight.codes.resize((values.size() + 1) / 2);
  const auto block = static_cast<std::size_t>(options.block);
  for (std::size_t begin = 0; begin < values.size(); begin += block) {
    const std::span<const float> part =
        values.subspan(begin, std::min(block, values.size() - begin));
    const float most = absmax_of(part);
    weight.absmax.push_back(most);
    const float inverse = 1.0F / std::max(most, kLeastAbsmax);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const unsigned code = nf4_code(std::clamp(part[i] * inverse, -1.0F, 1.0F));
      const unsigned shift = (begin + i) % 2 == 0 ? 4 : 0;
      std::uint8_t& byte = weight.codes[(begin + i) / 2];
      byte = static_cast<std::uint8_t>(byte | code << shift);
    }
  }
  // The other half of a last odd byte is the code of 0.
  if (values.size() % 2 == 1) weight.codes.back() |= nf4_code(0);
  if (options.scales == ScaleStorage::double_quantized) quantize_scales(weight);
  return weight;
}

WeightView Nf4Weight::view() const {
  return {.type = WeightType::nf4,
          .data = codes.data(),
          .rows = rows,
          .cols = cols,
          .stride = cols,
          .scales = {.block = block,
                     .plain = absmax.empty() ? nullptr : absmax.data(),
                     .codes = absmax_codes.data(),
                     .absmax2 = absmax2.data(),
                     .offset = offset}};
}

std::int64_t Nf4Weight::bytes() const {
  return std::ssize(codes) + std::ssize(absmax_codes) +
         4 * (std::ssize(absmax) + std::ssize(absmax2)) + 4;
}

void dequantize(const WeightView& weight, std::span<float> out) {
  const GemmKernels& kernels = gemm_kernels(best_isa());
  for (std::int64_t r = 0; r < weight.rows; ++r) {
    widen(kernels, weight, {.row = r, .first = 0, .count = weight.cols},
          out.data() + r * weight.cols);
  }
}

}  // namespace liquid::kernels
