#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "lfm2/model/model.h"
#include "lfm2/model/parity_fixture.h"
#include "lfm2/model/random_model.h"

// Shapes that the published models don't have: the kernels against ATen's operators, and both
// against differences of the loss.
namespace liquid::lfm2 {
namespace {

using Arithmetic = ModelOptions::Arithmetic;
using parity::distance;

struct Shape {
  std::string name;
  Lfm2Config config;
  std::vector<std::int32_t> lengths;
};

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

Lfm2Config config_of(std::int64_t hidden, std::int64_t heads, std::int64_t kv_heads,
                     std::vector<LayerKind> layers) {
  Lfm2Config config;
  config.vocab_size = 97;
  config.hidden_size = hidden;
  config.num_attention_heads = heads;
  config.num_key_value_heads = kv_heads;
  config.feed_forward_size = hidden + hidden / 2 + 3;
  config.layers = std::move(layers);
  return config;
}

constexpr LayerKind kConv = LayerKind::conv;
constexpr LayerKind kAttention = LayerKind::attention;

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  all.push_back({"SmallHeads", config_of(40, 5, 1, {kAttention, kConv}), {1, 5, 1, 1, 17, 2}});
  all.push_back({"WideHeads", config_of(256, 2, 2, {kConv, kAttention, kConv}), {33, 1, 40}});
  all.push_back({"Grouped", config_of(72, 9, 3, {kAttention, kAttention}), {7, 70}});
  Shape longer{"LongKernelWithBias", config_of(48, 3, 1, {kConv, kConv, kAttention}), {3, 1, 29}};
  longer.config.conv_kernel = 5;
  longer.config.conv_bias = Lfm2Config::ConvBias::present;
  all.push_back(longer);
  Shape own{"OneTapOwnHead", config_of(24, 3, 3, {kConv, kAttention}), {4, 2, 9}};
  own.config.conv_kernel = 1;
  own.config.head = Lfm2Config::Head::own;
  all.push_back(own);
  Shape other{"LooseNormFastRotation", config_of(64, 4, 2, {kConv, kAttention}), {60}};
  other.config.norm_eps = 1e-2;
  other.config.rope_theta = 100;
  all.push_back(other);
  all.push_back({"OnlyConv", config_of(32, 2, 2, {kConv, kConv}), {2, 2, 11}});
  return all;
}

// All trained values, set to the same random numbers in every model: a new adapter's B is zero, and
// zeros hide mistakes.
void set_parameters(Model& model) {
  std::uint64_t seed = 7;
  for (Parameter& parameter : model.parameters()) {
    const auto count = static_cast<std::size_t>(parameter.value.numel());
    const std::vector<float> values = random_model::normal(count, 0.1, seed++);
    std::copy(values.begin(), values.end(), parameter.value.mutable_data_ptr<float>());
  }
}

LoraSettings settings(double dropout) {
  LoraSettings lora;
  lora.r = 3;
  lora.alpha = 5;
  lora.dropout = dropout;
  lora.rank_pattern = {{"w2", 5}};
  lora.alpha_pattern = {{"out_proj", 2.0}};
  return lora;
}

class Shapes : public testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    random_model::write(GetParam().config, folder_.path(), 11);
    batch_ = random_model::batch(GetParam().config, GetParam().lengths, 13);
  }

  std::unique_ptr<Model> open(Arithmetic arithmetic, ModelOptions options) const {
    options.arithmetic = arithmetic;
    return parity::open(folder_.path(), options);
  }

  // Gradients of one accumulate() by both, compared tensor by tensor.
  void compare_gradients(const ModelOptions& options, double tolerance) const {
    const auto aten = open(Arithmetic::aten, options);
    const auto ours = open(Arithmetic::kernels_where_possible, options);
    if (options.lora) {
      set_parameters(*aten);
      set_parameters(*ours);
    }
    const Accumulation how{.scale = 0.1, .dropout_seed = 5};
    const auto expected = aten->accumulate(batch_, how);
    const auto loss = ours->accumulate(batch_, how);
    ASSERT_TRUE(expected) << expected.error().message;
    ASSERT_TRUE(loss) << loss.error().message;
    EXPECT_EQ(loss->tokens, batch_.trained_tokens());
    EXPECT_NEAR(loss->sum, expected->sum, 1e-5 * expected->sum + 1e-4);
    ASSERT_EQ(aten->parameters().size(), ours->parameters().size());
    for (std::size_t i = 0; i < aten->parameters().size(); ++i) {
      const Parameter& reference = aten->parameters()[i];
      const double size = reference.gradient.abs().max().item<double>();
      EXPECT_LE(distance(ours->parameters()[i].gradient, reference.gradient),
                tolerance * (1 + size))
          << reference.name;
    }
  }

  parity::ScratchFolder folder_;
  Batch batch_;
};

TEST_P(Shapes, KernelsGiveTheLogitsOfAten) {
  const auto expected = open(Arithmetic::aten, {})->outputs(batch_);
  const auto outputs = open(Arithmetic::kernels_where_possible, {})->outputs(batch_);
  ASSERT_TRUE(expected) << expected.error().message;
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_LE(distance(outputs->logits, expected->logits), 1e-4);
  ASSERT_EQ(outputs->hidden.size(), expected->hidden.size());
  for (std::size_t i = 0; i < expected->hidden.size(); ++i) {
    EXPECT_LE(distance(outputs->hidden[i], expected->hidden[i]), 1e-4) << i;
  }
}

TEST_P(Shapes, KernelsGiveTheGradientsOfAtenForAnAdapterWithDropout) {
  ModelOptions options;
  options.trainable = Trainable::adapter;
  for (const double dropout : {0.0, 0.3}) {
    options.lora = settings(dropout);
    for (const Recompute recompute : {Recompute::nothing, Recompute::layers}) {
      options.recompute = recompute;
      compare_gradients(options, 1e-4);
    }
  }
}

TEST_P(Shapes, KernelsGiveTheGradientsOfAtenForAllWeights) {
  ModelOptions options;
  options.trainable = Trainable::everything;
  compare_gradients(options, 1e-4);
}

TEST_P(Shapes, KernelsGiveTheGradientsOfAtenForEveryStorage) {
  ModelOptions options;
  options.trainable = Trainable::adapter;
  options.lora = settings(0);
  for (const FrozenStorage storage :
       {FrozenStorage::f32, FrozenStorage::bf16, FrozenStorage::nf4, FrozenStorage::nf4_double}) {
    options.storage = storage;
    compare_gradients(options, 1e-4);
  }
}

TEST_P(Shapes, PackedDocumentsAreWhatEachIsAlone) {
  for (const Arithmetic arithmetic : {Arithmetic::aten, Arithmetic::kernels_where_possible}) {
    const auto model = open(arithmetic, {});
    const auto packed = model->outputs(batch_);
    ASSERT_TRUE(packed);
    std::size_t at = 0;
    for (const std::int32_t length : batch_.seq_lens) {
      const std::span ids(batch_.input_ids.data() + at, static_cast<std::size_t>(length));
      const auto alone = model->outputs(parity::documents({ids.begin(), ids.end()}, {length}));
      ASSERT_TRUE(alone);
      const auto part = packed->logits.narrow(0, static_cast<std::int64_t>(at), length);
      EXPECT_LE(distance(alone->logits, part), 5e-5);
      at += ids.size();
    }
  }
}

TEST_P(Shapes, DecodingTokenByTokenGivesTheLogitsOfOnePass) {
  for (const Arithmetic arithmetic : {Arithmetic::aten, Arithmetic::kernels_where_possible}) {
    const auto model = open(arithmetic, {});
    const auto length = static_cast<std::int32_t>(batch_.input_ids.size());
    const auto whole = model->outputs(parity::documents(batch_.input_ids, {length}));
    ASSERT_TRUE(whole);
    const auto state = model->new_state();
    for (std::size_t t = 0; t < batch_.input_ids.size(); ++t) {
      const auto logits = model->decode(std::span(batch_.input_ids).subspan(t, 1), *state);
      ASSERT_TRUE(logits) << logits.error().message;
      EXPECT_LE(distance(*logits, whole->logits.select(0, static_cast<std::int64_t>(t))), 1e-4);
    }
  }
}

// The slope of the loss along its gradient is the gradient's length, whatever it is that is
// trained: a gradient that is cut off too early or leaks is seen by nothing else.
void expect_slope(Model& model, const Batch& batch, const std::string& what) {
  const Accumulation how{.scale = 1.0 / static_cast<double>(batch.trained_tokens()),
                         .dropout_seed = 3};
  const auto loss_at = [&] { return model.accumulate(batch, how)->sum * how.scale; };
  model.zero_gradients();
  loss_at();
  std::vector<at::Tensor> direction;
  double square = 0;
  for (const Parameter& parameter : model.parameters()) {
    direction.push_back(parameter.gradient.clone());
    square += direction.back().to(at::kDouble).square().sum().item<double>();
  }
  const double length = std::sqrt(square);
  ASSERT_GT(length, 1e-4) << what;
  const double step = 1e-2 / length;
  const auto move = [&](double by) {
    for (std::size_t i = 0; i < direction.size(); ++i) {
      model.parameters()[i].value.add_(direction[i], by / length);
    }
  };
  move(step);
  const double above = loss_at();
  move(-2 * step);
  const double below = loss_at();
  move(step);
  EXPECT_NEAR((above - below) / (2 * step), length, 0.02 * length) << what;
}

TEST_P(Shapes, SlopeOfTheLossIsTheLengthOfTheGradient) {
  std::vector<std::vector<std::string>> wanted{{}, {"w1"}, {"w2"}, {"w3"}, {"out_proj"}};
  const std::string last = std::to_string(GetParam().config.num_layers() - 1);
  wanted.push_back({"layers." + last + ".feed_forward.w2"});
  for (const LayerKind kind : GetParam().config.layers) {
    wanted.push_back(kind == kConv ? std::vector<std::string>{"in_proj"}
                                   : std::vector<std::string>{"q_proj", "v_proj"});
  }
  for (const std::vector<std::string>& targets : wanted) {
    ModelOptions options;
    options.trainable = Trainable::adapter;
    options.lora = settings(0.2);
    options.lora->targets = targets;
    const auto model = open(Arithmetic::kernels_where_possible, options);
    ASSERT_NE(model, nullptr);
    set_parameters(*model);
    expect_slope(*model, batch_, targets.empty() ? "all" : targets.front());
  }
  ModelOptions everything;
  everything.trainable = Trainable::everything;
  expect_slope(*open(Arithmetic::kernels_where_possible, everything), batch_, "everything");
}

std::string shape_name(const testing::TestParamInfo<Shape>& shape) { return shape.param.name; }
INSTANTIATE_TEST_SUITE_P(Each, Shapes, testing::ValuesIn(shapes()), shape_name);

}  // namespace
}  // namespace liquid::lfm2
