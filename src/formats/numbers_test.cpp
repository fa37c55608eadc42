#include "formats/numbers.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace liquid::formats {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Numbers, HalfPrecisionGoesThereAndBackUnchanged) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = f32_from_f16(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) continue;
    EXPECT_EQ(f16_from_f32(value), bits);
  }
}

TEST(Numbers, HalfPrecisionRoundsToNearestTiesToEven) {
  EXPECT_EQ(f16_from_f32(1.0F), 0x3c00);
  EXPECT_EQ(f16_from_f32(1.0F + 0x1p-11F), 0x3c00);      // a tie, even below
  EXPECT_EQ(f16_from_f32(1.0F + 3 * 0x1p-11F), 0x3c02);  // a tie, even above
  EXPECT_EQ(f16_from_f32(1.0F + 0x1p-11F + 0x1p-20F), 0x3c01);
  EXPECT_EQ(f16_from_f32(65519.0F), 0x7bff);
  EXPECT_EQ(f16_from_f32(65520.0F), 0x7c00);
  EXPECT_EQ(f16_from_f32(1e30F), 0x7c00);
  EXPECT_EQ(f16_from_f32(-kInfinity), 0xfc00);
  EXPECT_EQ(f16_from_f32(0x1p-24F), 0x0001);
  EXPECT_EQ(f16_from_f32(0x1p-25F), 0x0000);  // a tie, even below
  EXPECT_EQ(f16_from_f32(-0.0F), 0x8000);
  EXPECT_EQ(f16_from_f32(std::nanf("")) & 0x7e00, 0x7e00);
}

TEST(Numbers, Bfloat16RoundsToNearestTiesToEven) {
  EXPECT_EQ(bf16_from_f32(1.0F), 0x3f80);
  EXPECT_EQ(bf16_from_f32(1.0F + 0x1p-8F), 0x3f80);
  EXPECT_EQ(bf16_from_f32(1.0F + 3 * 0x1p-8F), 0x3f82);
  EXPECT_EQ(bf16_from_f32(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_EQ(bf16_from_f32(std::bit_cast<float>(0x7f800001U)) & 0x7fc0, 0x7fc0);
}

TEST(Numbers, UnalignedBytesAreRead) {
  std::array<std::byte, 9> bytes{};
  const float value = -3.25F;
  std::memcpy(bytes.data() + 1, &value, sizeof(value));
  std::array<float, 1> out{};
  ASSERT_TRUE(widen_to_f32("F32", std::span(bytes).subspan(1, 4), out));
  EXPECT_EQ(out[0], value);
}

TEST(Numbers, OtherDtypesAndWrongLengthsAreRefused) {
  std::array<std::byte, 8> bytes{};
  std::array<float, 2> values{};
  EXPECT_EQ(widen_to_f32("I32", bytes, values).error().code, ErrorCode::unsupported);
  EXPECT_EQ(widen_to_f32("F16", bytes, values).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(widen_to_f32("F99", bytes, values).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(narrow_from_f32(values, "I32", bytes).error().code, ErrorCode::unsupported);
}

TEST(Numbers, Q8BlocksKeepTheLargestValueAndSurviveWhatIsNotFinite) {
  std::vector<float> values(64);
  for (std::size_t i = 0; i < 32; ++i) values[i] = static_cast<float>(i) - 16.0F;
  values[40] = kInfinity;
  values[41] = std::nanf("");
  std::vector<std::byte> blocks(2 * kQ8BlockBytes);
  quantize_q8_0(values, blocks);
  std::vector<float> back(64);
  dequantize_q8_0(blocks, back);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_NEAR(back[i], values[i], 16.0 / 127 / 2 + 1e-2);
}

}  // namespace
}  // namespace liquid::formats
