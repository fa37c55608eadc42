#include "kernels/convert.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

// The nearest of all values of the narrow type, found by looking at every one of them.
std::uint16_t nearest(float x, const std::vector<float>& all) {
  std::uint16_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t bits = 0; bits < all.size(); ++bits) {
    if (!std::isfinite(all[bits]) || std::signbit(all[bits]) != std::signbit(x)) continue;
    const double distance = std::abs(double{all[bits]} - double{x});
    const bool tie_to_even = distance == least && bits % 2 == 0;
    if (distance < least || tie_to_even) {
      least = distance;
      best = static_cast<std::uint16_t>(bits);
    }
  }
  return best;
}

std::vector<std::uint16_t> all_bits() {
  std::vector<std::uint16_t> bits;
  for (unsigned i = 0; i <= 0xffff; ++i) bits.push_back(static_cast<std::uint16_t>(i));
  return bits;
}

using Narrow = void (*)(std::span<const float>, std::span<std::uint16_t>);

void expect_round_trip(Narrow narrow, const std::vector<float>& widened) {
  std::vector<std::uint16_t> back(widened.size());
  narrow(widened, back);
  for (std::size_t bits = 0; bits < widened.size(); ++bits) {
    if (std::isnan(widened[bits])) {
      std::vector<std::uint16_t> again(1);
      narrow(std::span(&widened[bits], 1), again);
      EXPECT_NE(again[0] & 0x7fffU, 0U);
    } else {
      ASSERT_EQ(back[bits], bits);
    }
  }
}

void expect_nearest(Narrow narrow, const std::vector<float>& widened, float magnitude) {
  std::vector<float> values = random_floats(40, 1);
  for (std::size_t i = 0; i < 40; ++i) values.push_back(values[i] * magnitude);
  // Half way between two neighbours, of which one is even.
  for (const std::size_t bits : {0x0001U, 0x0002U, 0x03ffU, 0x0400U, 0x3c00U, 0x3c01U, 0xbc01U}) {
    values.push_back((widened[bits] + widened[bits + 1]) / 2);
  }
  std::vector<std::uint16_t> bits(values.size());
  narrow(values, bits);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(bits[i], nearest(values[i], widened));
}

TEST(Convert, Bf16KeepsEveryValueAndRoundsOthersToNearest) {
  const std::vector<std::uint16_t> bits = all_bits();
  std::vector<float> widened(bits.size());
  bf16_to_f32(bits, widened);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(widened[i]), static_cast<std::uint32_t>(i) << 16);
  }
  expect_round_trip(f32_to_bf16, widened);
  expect_nearest(f32_to_bf16, widened, 1e-30F);
  EXPECT_TRUE(std::isinf(round_to_bf16(std::numeric_limits<float>::max())));
  EXPECT_TRUE(std::isnan(round_to_bf16(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_EQ(round_to_bf16(1.00390625F), 1.0F);
}

TEST(Convert, F16KeepsEveryValueAndRoundsOthersToNearest) {
  const std::vector<std::uint16_t> bits = all_bits();
  std::vector<float> widened(bits.size());
  f16_to_f32(bits, widened);
  EXPECT_EQ(widened[0x3c00], 1.0F);
  EXPECT_EQ(widened[0x0001], 0x1p-24F);
  EXPECT_EQ(widened[0x7bff], 65504.0F);
  EXPECT_EQ(widened[0xfc00], -std::numeric_limits<float>::infinity());
  expect_round_trip(f32_to_f16, widened);
  expect_nearest(f32_to_f16, widened, 1e-6F);
  std::vector<std::uint16_t> narrow(4);
  f32_to_f16(std::vector<float>{65519.99F, 65520.0F, 1e-9F, -1e-9F}, narrow);
  EXPECT_EQ(narrow, (std::vector<std::uint16_t>{0x7bff, 0x7c00, 0, 0x8000}));
}

}  // namespace
}  // namespace liquid::kernels
