#include "kernels/norm.h"

#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

constexpr double kTolerance = 1e-5;
constexpr float kEps = 1e-5F;

std::vector<double> reference(const std::vector<double>& x, const std::vector<double>& weight) {
  std::vector<double> y;
  for (std::size_t row = 0; row < x.size(); row += weight.size()) {
    double squares = 0;
    for (std::size_t c = 0; c < weight.size(); ++c) squares += x[row + c] * x[row + c];
    const double rstd = 1 / std::sqrt(squares / static_cast<double>(weight.size()) + double{kEps});
    for (std::size_t c = 0; c < weight.size(); ++c) y.push_back(weight[c] * x[row + c] * rstd);
  }
  return y;
}

class RmsNormTest : public EveryIsa {};
INSTANTIATE_TEST_SUITE_P(, RmsNormTest, testing::ValuesIn(isas()), isa_label);

TEST_P(RmsNormTest, DividesByTheRootMeanSquare) {
  for (const std::int64_t cols : {1, 7, 16, 33, 100, 257}) {
    const Owned x(70, cols, 1);
    const std::vector<float> weight = random_floats(cols, 2);
    Owned y(70, cols, 3);
    std::vector<float> rstd(70);
    rms_norm(team_, {.weight = weight.data(), .eps = kEps}, x.view(), y.view(), rstd.data());
    expect_near(doubles(y), reference(doubles(x), doubles(weight)), kTolerance);
    EXPECT_TRUE(y.gaps_untouched());
  }
}

TEST_P(RmsNormTest, GradientsAreThoseOfTheFormula) {
  for (const std::int64_t cols : {1, 5, 19, 40}) {
    const Owned x(3, cols, 1);
    const std::vector<float> weight = random_floats(cols, 2);
    const Owned dy(3, cols, 3);
    const RmsNorm norm = {.weight = weight.data(), .eps = kEps};
    Owned y(3, cols, 4);
    std::vector<float> rstd(3);
    rms_norm(team_, norm, x.view(), y.view(), rstd.data());
    Owned dx(3, cols, 5);
    std::vector<float> dweight(weight.size(), 1.0F);
    rms_norm_backward(team_, norm,
                      {.x = x.view(),
                       .rstd = rstd.data(),
                       .dy = dy.view(),
                       .dx = dx.view(),
                       .dweight = dweight.data()});
    expect_near(doubles(dx),
                numeric_gradient(doubles(x),
                                 [&](const std::vector<double>& at) {
                                   return dot_of(reference(at, doubles(weight)), doubles(dy));
                                 }),
                kTolerance);
    std::vector<double> wanted =
        numeric_gradient(doubles(weight), [&](const std::vector<double>& at) {
          return dot_of(reference(doubles(x), at), doubles(dy));
        });
    for (double& value : wanted) value += 1;
    expect_near(doubles(dweight), wanted, kTolerance);
  }
}

TEST_P(RmsNormTest, GradientIsAddedOrReplacesItsInput) {
  const Owned x(130, 21, 1);
  const std::vector<float> weight = random_floats(21, 2);
  const std::vector<float> rstd(130, 0.7F);
  const Owned dy(130, 21, 3);
  Owned replaced = dy;
  const RmsNorm norm = {.weight = weight.data()};
  rms_norm_backward(
      team_, norm,
      {.x = x.view(), .rstd = rstd.data(), .dy = replaced.view(), .dx = replaced.view()});
  Owned added(130, 21, 4);
  std::vector<double> wanted = doubles(added);
  rms_norm_backward(team_, norm,
                    {.x = x.view(),
                     .rstd = rstd.data(),
                     .dy = dy.view(),
                     .dx = added.view(),
                     .dx_write = Write::add});
  const std::vector<double> once = doubles(replaced);
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += once[i];
  expect_near(doubles(added), wanted, 1e-6);
}

TEST_P(RmsNormTest, WeightGradientIsTheSameForEveryNumberOfThreads) {
  const Owned x(300, 37, 1);
  const Owned dy(300, 37, 2);
  const std::vector<float> weight = random_floats(37, 3);
  const std::vector<float> rstd(300, 1.0F);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 4}) {
    Team team({.threads = threads, .isa = GetParam()});
    Owned dx(300, 37, 4);
    results.emplace_back(37, 0.0F);
    rms_norm_backward(team, {.weight = weight.data()},
                      {.x = x.view(),
                       .rstd = rstd.data(),
                       .dy = dy.view(),
                       .dx = dx.view(),
                       .dweight = results.back().data()});
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

}  // namespace
}  // namespace liquid::kernels
