#include "kernels/rope.h"

#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

constexpr double kTolerance = 2e-5;
constexpr double kTheta = 10000;
const std::vector<std::int64_t> kBorders = {0, 3, 3, 4, 9};
constexpr std::int64_t kRows = 9;

struct Shape {
  std::int64_t heads;
  std::int64_t dim;
};
constexpr Shape kShapes[] = {{1, 2}, {3, 6}, {2, 16}, {2, 64}, {1, 40}};

std::vector<double> reference(const Shape& shape, const std::vector<double>& x,
                              const std::vector<double>& weight, std::int64_t first_position) {
  const std::int64_t d = shape.dim;
  std::vector<double> y(x.size());
  for (std::size_t document = 0; document + 1 < kBorders.size(); ++document) {
    for (std::int64_t t = kBorders[document]; t < kBorders[document + 1]; ++t) {
      const auto position = static_cast<double>(t - kBorders[document] + first_position);
      for (std::int64_t head = 0; head < shape.heads; ++head) {
        const auto at = static_cast<std::size_t>((t * shape.heads + head) * d);
        double squares = 0;
        for (std::size_t i = 0; i < weight.size(); ++i) squares += x[at + i] * x[at + i];
        const double rstd = 1 / std::sqrt(squares / static_cast<double>(d) + 1e-5);
        const std::size_t half = weight.size() / 2;
        for (std::size_t i = 0; i < half; ++i) {
          const double angle =
              position * std::pow(kTheta, -2 * static_cast<double>(i) / static_cast<double>(d));
          const double low = weight[i] * x[at + i] * rstd;
          const double high = weight[half + i] * x[at + half + i] * rstd;
          y[at + i] = low * std::cos(angle) - high * std::sin(angle);
          y[at + half + i] = high * std::cos(angle) + low * std::sin(angle);
        }
      }
    }
  }
  return y;
}

class HeadRopeTest : public EveryIsa {};
INSTANTIATE_TEST_SUITE_P(, HeadRopeTest, testing::ValuesIn(isas()), isa_label);

TEST_P(HeadRopeTest, NormsAndRotatesEachHeadAndRestartsAtBorders) {
  for (const Shape& shape : kShapes) {
    for (const std::int64_t first : {0, 100}) {
      const RopeTable table(kTheta, shape.dim, 120);
      const std::vector<float> weight = random_floats(shape.dim, 1);
      const Owned x(kRows, shape.heads * shape.dim, 2);
      Owned y(kRows, shape.heads * shape.dim, 3);
      std::vector<float> rstd(static_cast<std::size_t>(kRows * shape.heads));
      head_rope(team_, {.table = &table, .weight = weight.data(), .first_position = first},
                kBorders, {.x = x.view(), .y = y.view(), .rstd = rstd.data()});
      expect_near(doubles(y), reference(shape, doubles(x), doubles(weight), first), kTolerance);
      EXPECT_TRUE(y.gaps_untouched());
    }
  }
}

TEST_P(HeadRopeTest, GradientsAreThoseOfTheFormulaInPlaceToo) {
  for (const Shape& shape : kShapes) {
    const RopeTable table(kTheta, shape.dim, 16);
    const std::vector<float> weight = random_floats(shape.dim, 1);
    const HeadRope rope = {.table = &table, .weight = weight.data()};
    const Owned x(kRows, shape.heads * shape.dim, 2);
    Owned y(kRows, shape.heads * shape.dim, 3);
    std::vector<float> rstd(static_cast<std::size_t>(kRows * shape.heads));
    head_rope(team_, rope, kBorders, {.x = x.view(), .y = y.view(), .rstd = rstd.data()});
    const Owned dy(kRows, shape.heads * shape.dim, 4);
    Owned dx = dy;
    std::vector<float> dweight(weight.size());
    head_rope_backward(team_, rope, kBorders,
                       {.x = x.view(),
                        .rstd = rstd.data(),
                        .dy = dx.view(),
                        .dx = dx.view(),
                        .dweight = dweight.data()});
    const auto loss = [&](const auto& at, const auto& w) {
      return dot_of(reference(shape, at, w, 0), doubles(dy));
    };
    expect_near(
        doubles(dx),
        numeric_gradient(doubles(x), [&](const auto& at) { return loss(at, doubles(weight)); }),
        kTolerance);
    expect_near(
        doubles(dweight),
        numeric_gradient(doubles(weight), [&](const auto& at) { return loss(doubles(x), at); }),
        kTolerance);
  }
}

}  // namespace
}  // namespace liquid::kernels
