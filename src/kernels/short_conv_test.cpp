#include "kernels/short_conv.h"

#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

constexpr double kTolerance = 1e-5;

struct Shape {
  std::int64_t channels;
  std::int64_t taps;
};

constexpr Shape kShapes[] = {{1, 1}, {5, 3}, {16, 2}, {19, 4}, {40, 3}};
// An empty document, one of one position, one shorter than the longest kernel.
const std::vector<std::int64_t> kBorders = {0, 4, 4, 5, 7, 13};
constexpr std::int64_t kRows = 13;

std::vector<double> reference(const Shape& shape, const std::vector<double>& bcx,
                              const std::vector<double>& kernel, const std::vector<double>& bias) {
  const std::int64_t h = shape.channels;
  std::vector<double> y;
  const auto at = [&](std::int64_t t, std::int64_t part, std::int64_t c) {
    return bcx[static_cast<std::size_t>(t * 3 * h + part * h + c)];
  };
  for (std::size_t document = 0; document + 1 < kBorders.size(); ++document) {
    for (std::int64_t t = kBorders[document]; t < kBorders[document + 1]; ++t) {
      for (std::int64_t c = 0; c < h; ++c) {
        double v = bias[static_cast<std::size_t>(c)];
        for (std::int64_t j = 0; j < shape.taps; ++j) {
          const std::int64_t from = t - (shape.taps - 1) + j;
          if (from < kBorders[document]) continue;
          v += kernel[static_cast<std::size_t>(c * shape.taps + j)] * at(from, 0, c) *
               at(from, 2, c);
        }
        y.push_back(at(t, 1, c) * v);
      }
    }
  }
  return y;
}

class ShortConvTest : public EveryIsa {};
INSTANTIATE_TEST_SUITE_P(, ShortConvTest, testing::ValuesIn(isas()), isa_label);

TEST_P(ShortConvTest, NeverLooksOverABorder) {
  for (const Shape& shape : kShapes) {
    const Owned bcx(kRows, 3 * shape.channels, 1);
    const std::vector<float> kernel = random_floats(shape.channels * shape.taps, 2);
    const std::vector<float> bias = random_floats(shape.channels, 3);
    Owned y(kRows, shape.channels, 4);
    short_conv(team_, {.kernel = kernel.data(), .bias = bias.data(), .taps = shape.taps}, kBorders,
               bcx.view(), y.view());
    expect_near(doubles(y), reference(shape, doubles(bcx), doubles(kernel), doubles(bias)),
                kTolerance);
    EXPECT_TRUE(y.gaps_untouched());
  }
}

TEST_P(ShortConvTest, GradientsAreThoseOfTheFormula) {
  for (const Shape& shape : kShapes) {
    const Owned bcx(kRows, 3 * shape.channels, 1);
    const std::vector<float> kernel = random_floats(shape.channels * shape.taps, 2);
    const std::vector<float> bias = random_floats(shape.channels, 3);
    const Owned dy(kRows, shape.channels, 4);
    Owned dbcx(kRows, 3 * shape.channels, 5);
    std::vector<float> dkernel(kernel.size());
    std::vector<float> dbias(bias.size());
    short_conv_backward(team_, {.kernel = kernel.data(), .bias = bias.data(), .taps = shape.taps},
                        kBorders,
                        {.bcx = bcx.view(),
                         .dy = dy.view(),
                         .dbcx = dbcx.view(),
                         .dkernel = dkernel.data(),
                         .dbias = dbias.data()});
    const auto k = doubles(kernel);
    const auto b = doubles(bias);
    const auto loss = [&](const auto& x, const auto& w, const auto& c) {
      return dot_of(reference(shape, x, w, c), doubles(dy));
    };
    expect_near(doubles(dbcx),
                numeric_gradient(doubles(bcx), [&](const auto& at) { return loss(at, k, b); }),
                kTolerance);
    expect_near(doubles(dkernel),
                numeric_gradient(k, [&](const auto& at) { return loss(doubles(bcx), at, b); }),
                kTolerance);
    expect_near(doubles(dbias),
                numeric_gradient(b, [&](const auto& at) { return loss(doubles(bcx), k, at); }),
                kTolerance);
    EXPECT_TRUE(dbcx.gaps_untouched());
  }
}

TEST_P(ShortConvTest, StepsOfGenerationEqualThePass) {
  for (const Shape& shape : kShapes) {
    const std::int64_t h = shape.channels;
    Owned bcx(9, 3 * h, 1);
    const std::vector<float> kernel = random_floats(h * shape.taps, 2);
    const ShortConv conv = {.kernel = kernel.data(), .taps = shape.taps};
    const std::vector<std::int64_t> one = {0, 9};
    Owned whole(9, h, 3);
    short_conv(team_, conv, one, bcx.view(), whole.view());
    Owned stepped(9, h, 4);
    std::vector<float> state(static_cast<std::size_t>((shape.taps - 1) * h));
    short_conv_step(conv, rows(bcx.view(), 0, 5), state.data(), rows(stepped.view(), 0, 5));
    for (std::int64_t t = 5; t < 9; ++t) {
      short_conv_step(conv, rows(bcx.view(), t, 1), state.data(), rows(stepped.view(), t, 1));
    }
    expect_near(doubles(stepped), doubles(whole), kTolerance);
  }
}

}  // namespace
}  // namespace liquid::kernels
