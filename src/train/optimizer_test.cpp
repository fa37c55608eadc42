#include "train/optimizer.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>

namespace liquid::train {
namespace {

std::vector<lfm2::Parameter> parameters() {
  std::vector<lfm2::Parameter> made;
  for (const auto& shape : {std::vector<std::int64_t>{3, 4}, std::vector<std::int64_t>{5}}) {
    made.push_back({"p", at::randn(shape), at::randn(shape)});
  }
  return made;
}

TEST(Optimizer, AnAdapterDecaysWholeAndAModelInItsMatrices) {
  kernels::Team team({.threads = 1});
  std::vector<lfm2::Parameter> all = parameters();
  OptimizerSettings settings;
  using Group = Optimizer::Group;
  EXPECT_TRUE(Optimizer(all, settings, Group::adapter, team).decays(1));
  EXPECT_TRUE(Optimizer(all, settings, Group::whole_model, team).decays(0));
  EXPECT_FALSE(Optimizer(all, settings, Group::whole_model, team).decays(1));
  settings.decay_on = DecayOn::everything;
  EXPECT_TRUE(Optimizer(all, settings, Group::whole_model, team).decays(1));
}

// AdamW's definition (Loshchilov, Hutter 2019, algorithm 2) in double.
TEST(Optimizer, DoesWhatAdamWSays) {
  kernels::Team team({.threads = 1});
  std::vector<lfm2::Parameter> all = parameters();
  OptimizerSettings settings;
  settings.weight_decay = 0.1;
  Optimizer optimizer(all, settings, Optimizer::Group::adapter, team);
  const double gradient = all[0].gradient.data_ptr<float>()[5];
  double value = all[0].value.data_ptr<float>()[5];
  double mean = 0;
  double square = 0;
  for (int step = 1; step <= 5; ++step) {
    const double scaled = 0.25 * gradient;
    optimizer.step(0.01 * step, 0.25);
    mean = 0.9 * mean + 0.1 * scaled;
    square = 0.999 * square + 0.001 * scaled * scaled;
    const double denominator = std::sqrt(square / (1 - std::pow(0.999, step))) + 1e-8;
    value -= 0.01 * step * 0.1 * value;
    value -= 0.01 * step * mean / (1 - std::pow(0.9, step)) / denominator;
  }
  EXPECT_NEAR(all[0].value.data_ptr<float>()[5], value, 1e-6);
  EXPECT_EQ(optimizer.steps(), 5);
}

TEST(Optimizer, MeasuresAllGradientsAsOneVector) {
  kernels::Team team({.threads = 1});
  std::vector<lfm2::Parameter> all = parameters();
  all[0].gradient.fill_(3.0);
  all[1].gradient.fill_(-2.0);
  const Optimizer optimizer(all, {}, Optimizer::Group::adapter, team);
  EXPECT_DOUBLE_EQ(optimizer.gradient_norm(), std::sqrt(12 * 9.0 + 5 * 4.0));
}

TEST(Optimizer, ClipsAsTorchDoes) {
  EXPECT_EQ(Optimizer::clip_scale(5.0, 0.0), 1.0);
  EXPECT_EQ(Optimizer::clip_scale(0.5, 1.0), 1.0);
  EXPECT_DOUBLE_EQ(Optimizer::clip_scale(4.0, 1.0), 1.0 / (4.0 + 1e-6));
}

}  // namespace
}  // namespace liquid::train
