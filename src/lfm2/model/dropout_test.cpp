#include "lfm2/model/dropout.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace liquid::lfm2 {
namespace {

TEST(DropoutMask, KeepsTheShareAskedFor) {
  const DropoutMask mask = dropout_mask(42, 3, 0.1F);
  int kept = 0;
  for (std::uint64_t i = 0; i < 200000; ++i) kept += mask.keeps(i) ? 1 : 0;
  EXPECT_NEAR(kept / 200000.0, 0.9, 0.003);
  EXPECT_FLOAT_EQ(mask.kept_scale, 1 / 0.9F);
}

TEST(DropoutMask, IsAnotherForEverySeedAndModule) {
  const DropoutMask mask = dropout_mask(42, 3, 0.5F);
  for (const DropoutMask& other : {dropout_mask(43, 3, 0.5F), dropout_mask(42, 4, 0.5F)}) {
    int equal = 0;
    for (std::uint64_t i = 0; i < 100000; ++i) equal += mask.keeps(i) == other.keeps(i) ? 1 : 0;
    EXPECT_NEAR(equal / 100000.0, 0.5, 0.01);
  }
}

TEST(DropoutMask, NeighboursAreIndependent) {
  const DropoutMask mask = dropout_mask(1, 0, 0.5F);
  for (const std::uint64_t apart : {1U, 2U, 64U, 1024U, 4608U}) {
    int equal = 0;
    for (std::uint64_t i = 0; i < 100000; ++i) {
      equal += mask.keeps(i) == mask.keeps(i + apart) ? 1 : 0;
    }
    EXPECT_NEAR(equal / 100000.0, 0.5, 0.01) << apart;
  }
}

TEST(DropoutMask, IsAppliedElementByElementAlsoBeyond32Bits) {
  const DropoutMask mask = dropout_mask(9, 9, 0.4F);
  const std::vector<float> values(300, 2.0F);
  for (const std::int64_t first : {std::int64_t{0}, (std::int64_t{1} << 32) - 100}) {
    std::vector<float> out(values.size());
    apply_dropout(mask, first, values, out.data());
    std::vector<float> sums(values.size(), 1.0F);
    add_dropout(mask, first, values, sums.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool kept = mask.keeps(static_cast<std::uint64_t>(first) + i);
      EXPECT_EQ(out[i], kept ? 2.0F * mask.kept_scale : 0.0F) << first << " + " << i;
      EXPECT_EQ(sums[i], 1.0F + out[i]);
    }
  }
}

}  // namespace
}  // namespace liquid::lfm2
