#include "kernels/nf4.h"

#include <bit>
#include <fstream>
#include <map>

#include "kernels/gemm.h"
#include "kernels/test_matrices.h"
#include "kernels/weight_bits.h"

namespace liquid::kernels {
namespace {

/// What bitsandbytes 0.50.2 makes of values(64 · 300 + 17): lines of a name and bytes in
/// hexadecimal, floats little-endian; `dequantized` holds the first 640 elements.
std::map<std::string, std::vector<std::uint8_t>> recorded() {
  std::ifstream file(LIQUID_SOURCE_DIR "/tests/cases/kernels/nf4_bitsandbytes.txt");
  std::map<std::string, std::vector<std::uint8_t>> all;
  std::string name;
  std::string hex;
  while (file >> name >> hex) {
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      all[name].push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
  }
  return all;
}

std::vector<float> as_floats(const std::vector<std::uint8_t>& bytes) {
  std::vector<float> values(bytes.size() / 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t b = 0; b < 4; ++b) bits |= std::uint32_t{bytes[4 * i + b]} << (8 * b);
    values[i] = std::bit_cast<float>(bits);
  }
  return values;
}

/// A sequence that both sides can make exactly: a congruential generator, scaled block by block.
std::vector<float> values(std::int64_t count) {
  std::uint32_t state = 12345;
  std::vector<float> all;
  for (std::int64_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    const float unit = static_cast<float>(static_cast<int>(state >> 8 & 0xffffU) - 32768) / 32768;
    all.push_back(unit * (static_cast<float>(i / 64 * 37 % 101 + 1) / 128));
  }
  return all;
}

constexpr std::int64_t kRecorded = 64 * 300 + 17;

TEST(Nf4Test, CodesAndScalesAreThoseOfBitsandbytes) {
  auto wanted = recorded();
  const Nf4Weight plain =
      nf4_quantize(values(kRecorded), 1, kRecorded, {.scales = ScaleStorage::plain});
  EXPECT_EQ(plain.codes, wanted["codes"]);
  EXPECT_EQ(plain.absmax, as_floats(wanted["absmax"]));
}

TEST(Nf4Test, DoubleQuantizedScalesAreThoseOfBitsandbytes) {
  auto wanted = recorded();
  const Nf4Weight weight = nf4_quantize(values(kRecorded), 1, kRecorded, {});
  EXPECT_EQ(weight.codes, wanted["codes"]);
  EXPECT_EQ(weight.absmax_codes, wanted["absmax_codes"]);
  EXPECT_EQ(weight.absmax2, as_floats(wanted["absmax2"]));
  EXPECT_EQ(weight.offset, as_floats(wanted["offset"])[0]);
  EXPECT_TRUE(weight.absmax.empty());
  EXPECT_NEAR(static_cast<double>(weight.bytes()) * 8 / kRecorded, 4.127, 0.005);
}

TEST(Nf4Test, TheDynamicMapIsThatOfBitsandbytes) {
  const std::vector<float> wanted = as_floats(recorded()["map"]);
  EXPECT_THAT(dynamic_map(), testing::ElementsAreArray(wanted));
}

TEST(Nf4Test, WeightsReadBackAreThoseOfBitsandbytes) {
  const std::vector<float> wanted = as_floats(recorded()["dequantized"]);
  const Nf4Weight weight = nf4_quantize(values(kRecorded), 1, kRecorded, {});
  std::vector<float> got(kRecorded);
  dequantize(weight.view(), got);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(got[i], wanted[i]);
}

TEST(Nf4Test, EveryValueGoesToTheNearestCode) {
  const std::vector<float> all = random_floats(64 * 7, 3);
  const Nf4Weight weight = nf4_quantize(all, 7, 64, {.scales = ScaleStorage::plain});
  for (std::size_t i = 0; i < all.size(); ++i) {
    const float absmax = weight.absmax[i / 64];
    double least = 10;
    for (const float code : nf4_values()) {
      least = std::min(least, std::abs(double{code} * double{absmax} - double{all[i]}));
    }
    const float stored = nf4_value(weight.codes.data(), static_cast<std::int64_t>(i)) * absmax;
    EXPECT_NEAR(std::abs(double{stored} - double{all[i]}), least, 1e-6);
  }
}

TEST(Nf4Test, ZerosStayZeros) {
  const Nf4Weight weight = nf4_quantize(std::vector<float>(130), 2, 65, {});
  std::vector<float> got(130, 1.0F);
  dequantize(weight.view(), got);
  EXPECT_THAT(got, testing::Each(0.0F));
}

class Nf4Product : public EveryIsa {};
INSTANTIATE_TEST_SUITE_P(, Nf4Product, testing::ValuesIn(isas()), isa_label);

// Rows of 100 elements: blocks begin anywhere in a row. Rows of 101: bytes hold two rows' elements.
TEST_P(Nf4Product, EqualsTheProductWithTheWidenedWeight) {
  for (const std::int64_t cols : {64, 100, 101}) {
    const std::vector<float> all = random_floats(45 * cols, 5);
    const Nf4Weight weight = nf4_quantize(all, 45, cols, {});
    std::vector<float> widened(all.size());
    dequantize(weight.view(), widened);
    const Owned x(33, cols, 6);
    Owned from_codes(33, 45, 7);
    Owned from_floats(33, 45, 7);
    const WeightView floats = weight_f32(widened.data(), 45, cols);
    linear_forward(team_, x.view(),
                   std::array{ForwardPart{.weight = weight.view(), .y = from_codes.view()}});
    linear_forward(team_, x.view(),
                   std::array{ForwardPart{.weight = floats, .y = from_floats.view()}});
    EXPECT_TRUE(from_codes == from_floats) << cols;
    const Owned dy(33, 45, 8);
    Owned dx_codes(33, cols, 9);
    Owned dx_floats(33, cols, 9);
    linear_backward(team_, std::array{BackwardPart{.dy = dy.view(), .weight = weight.view()}},
                    dx_codes.view(), Write::replace);
    linear_backward(team_, std::array{BackwardPart{.dy = dy.view(), .weight = floats}},
                    dx_floats.view(), Write::replace);
    EXPECT_TRUE(dx_codes == dx_floats) << cols;
  }
}

}  // namespace
}  // namespace liquid::kernels
