#include "kernels/swiglu.h"

#include <limits>

#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

std::vector<double> reference(const std::vector<double>& gate, const std::vector<double>& up) {
  std::vector<double> y;
  for (std::size_t i = 0; i < gate.size(); ++i)
    y.push_back(gate[i] / (1 + std::exp(-gate[i])) * up[i]);
  return y;
}

class SwigluTest : public EveryIsa {};
INSTANTIATE_TEST_SUITE_P(, SwigluTest, testing::ValuesIn(isas()), isa_label);

TEST_P(SwigluTest, IsSiluOfTheGateTimesUp) {
  for (const std::int64_t cols : {1, 16, 23, 67}) {
    const Owned gate(37, cols, 1);
    const Owned up(37, cols, 2);
    Owned y(37, cols, 3);
    swiglu(team_, gate.view(), up.view(), y.view());
    expect_near(doubles(y), reference(doubles(gate), doubles(up)), 1e-6);
    EXPECT_TRUE(y.gaps_untouched());
  }
}

// The exponential, seen through silu: everything from underflow to overflow.
TEST_P(SwigluTest, IsWithinAFewUnitsOfTheLastPlaceEverywhere) {
  constexpr std::int64_t kCount = 24001;
  std::vector<float> gate;
  for (std::int64_t i = 0; i < kCount; ++i) gate.push_back(static_cast<float>(i - 12000) * 0.01F);
  const std::vector<float> up(gate.size(), 1.0F);
  std::vector<float> y(gate.size());
  swiglu(team_, dense(gate.data(), 1, kCount), dense(up.data(), 1, kCount),
         dense(y.data(), 1, kCount));
  for (std::size_t i = 0; i < gate.size(); ++i) {
    const double x = double{gate[i]};
    const double wanted = x / (1 + std::exp(-x));
    ASSERT_NEAR(double{y[i]}, wanted, 4e-7 * std::abs(wanted) + 1e-36) << x;
  }
}

TEST_P(SwigluTest, InfinityAndNanShow) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> gate = {infinity, nan, 1000.0F, -1000.0F};
  const std::vector<float> up(4, 1.0F);
  std::vector<float> y(4);
  swiglu(team_, dense(gate.data(), 1, 4), dense(up.data(), 1, 4), dense(y.data(), 1, 4));
  EXPECT_EQ(y[0], infinity);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], 1000.0F);
  EXPECT_EQ(y[3], 0.0F);
}

TEST_P(SwigluTest, GradientsAreThoseOfTheFormulaInPlaceToo) {
  const Owned gate(5, 21, 1);
  const Owned up(5, 21, 2);
  const Owned dy(5, 21, 3);
  Owned dgate = gate;
  Owned dup = up;
  swiglu_backward(team_, {.gate = dgate.view(),
                          .up = dup.view(),
                          .dy = dy.view(),
                          .dgate = dgate.view(),
                          .dup = dup.view()});
  const auto loss = [&](const auto& g, const auto& u) {
    return dot_of(reference(g, u), doubles(dy));
  };
  expect_near(
      doubles(dgate),
      numeric_gradient(doubles(gate), [&](const auto& at) { return loss(at, doubles(up)); }), 1e-5);
  expect_near(
      doubles(dup),
      numeric_gradient(doubles(up), [&](const auto& at) { return loss(doubles(gate), at); }), 1e-5);
}

}  // namespace
}  // namespace liquid::kernels
