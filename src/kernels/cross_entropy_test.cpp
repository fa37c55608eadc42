#include "kernels/cross_entropy.h"

#include <limits>

#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

double reference(const std::vector<double>& logits, std::span<const std::int64_t> labels) {
  const std::size_t cols = logits.size() / labels.size();
  double loss = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] == kIgnoredLabel) continue;
    double sum = 0;
    for (std::size_t c = 0; c < cols; ++c) sum += std::exp(logits[r * cols + c]);
    loss += std::log(sum) - logits[r * cols + static_cast<std::size_t>(labels[r])];
  }
  return loss;
}

class CrossEntropyTest : public EveryIsa {};
INSTANTIATE_TEST_SUITE_P(, CrossEntropyTest, testing::ValuesIn(isas()), isa_label);

TEST_P(CrossEntropyTest, SumsTheScoredRows) {
  for (const std::int64_t cols : {1, 5, 64, 3001}) {
    const Owned logits(5, cols, 1);
    const std::vector<std::int64_t> labels = {0, kIgnoredLabel, cols - 1, cols / 2, kIgnoredLabel};
    const LossSum sum = cross_entropy(team_, logits.view(), labels);
    EXPECT_EQ(sum.count, 3);
    EXPECT_NEAR(sum.loss, reference(doubles(logits), labels), 3e-6);
  }
}

TEST_P(CrossEntropyTest, GradientReplacesTheLogits) {
  for (const std::int64_t cols : {3, 16, 45}) {
    Owned logits(4, cols, 1);
    const std::vector<double> before = doubles(logits);
    const std::vector<std::int64_t> labels = {cols - 1, kIgnoredLabel, 0, 1};
    const LossSum sum = cross_entropy_gradient(team_, logits.view(), labels, 0.25F);
    EXPECT_EQ(sum.count, 3);
    EXPECT_NEAR(sum.loss, reference(before, labels), 3e-6);
    std::vector<double> wanted =
        numeric_gradient(before, [&](const auto& at) { return reference(at, labels); });
    for (double& value : wanted) value *= 0.25;
    expect_near(doubles(logits), wanted, 1e-6);
    EXPECT_TRUE(logits.gaps_untouched());
  }
}

TEST_P(CrossEntropyTest, LargeLogitsDoNotOverflow) {
  std::vector<float> logits = {1000.0F, 999.0F, -3000.0F};
  const std::vector<std::int64_t> labels = {1};
  const LossSum sum = cross_entropy_gradient(team_, dense(logits.data(), 1, 3), labels, 1.0F);
  EXPECT_NEAR(sum.loss, 1 + std::log(1 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(logits[0], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_EQ(logits[2], 0.0F);
}

TEST_P(CrossEntropyTest, NanShowsInTheLoss) {
  for (const std::size_t place : {0, 7, 20}) {
    std::vector<float> logits(21, 1.0F);
    logits[place] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::int64_t> labels = {3};
    EXPECT_TRUE(std::isnan(cross_entropy(team_, dense(logits.data(), 1, 21), labels).loss));
  }
}

}  // namespace
}  // namespace liquid::kernels
