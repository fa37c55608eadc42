#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "formats/safetensors_reader.h"
#include "lfm2/model/forward_file.h"
#include "lfm2/model/model.h"
#include "lfm2/model/parity_fixture.h"
#include "lfm2/model/random_model.h"

namespace liquid::lfm2 {
namespace {

using testing::HasSubstr;

Error open_error(const std::filesystem::path& folder, const ModelOptions& options) {
  const auto model = Model::open(folder, options);
  EXPECT_FALSE(model);
  return model ? Error{} : model.error();
}

TEST(Model, NamesADeviceThatIsNotThere) {
  ModelOptions options;
  options.device = "cuda:63";
  EXPECT_EQ(open_error(parity::folder(), options).code, ErrorCode::invalid_argument);
  for (const std::string device : {"gpu", "cuda:", "cuda:x", "cpu:0", "cuda:-1", ""}) {
    options.device = device;
    const Error error = open_error(parity::folder(), options);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << device;
    EXPECT_THAT(error.message, HasSubstr("'" + device + "'"));
  }
}

TEST(Model, RefusesOptionsThatContradictEachOther) {
  ModelOptions both;
  both.lora.emplace();
  both.adapter_folder = parity::folder() / "adapter";
  EXPECT_EQ(open_error(parity::folder(), both).code, ErrorCode::invalid_argument);
  ModelOptions none;
  none.trainable = Trainable::adapter;
  EXPECT_EQ(open_error(parity::folder(), none).code, ErrorCode::invalid_argument);
  ModelOptions full;
  full.trainable = Trainable::everything;
  full.storage = FrozenStorage::nf4;
  EXPECT_EQ(open_error(parity::folder(), full).code, ErrorCode::invalid_argument);
  ModelOptions dropout;
  dropout.lora.emplace().dropout = 1.0;
  EXPECT_EQ(open_error(parity::folder(), dropout).code, ErrorCode::invalid_argument);
  ModelOptions rank;
  rank.lora.emplace().r = 0;
  EXPECT_EQ(open_error(parity::folder(), rank).code, ErrorCode::invalid_argument);
}

TEST(Model, SaysWhatIsMissing) {
  const parity::ScratchFolder empty;
  EXPECT_EQ(open_error(empty.path(), {}).code, ErrorCode::not_found);
  ModelOptions adapter;
  adapter.adapter_folder = empty.path();
  EXPECT_EQ(open_error(parity::folder(), adapter).code, ErrorCode::not_found);

  std::filesystem::copy(parity::folder() / "config.json", empty.path());
  std::filesystem::copy(parity::folder() / "adapter/adapter_model.safetensors",
                        empty.path() / "model.safetensors");
  const Error error = open_error(empty.path(), {});
  EXPECT_EQ(error.code, ErrorCode::data_corrupt);
  EXPECT_THAT(error.message, HasSubstr("model.embed_tokens.weight"));
}

TEST(Model, RefusesAnAdapterOfAnotherModel) {
  Lfm2Config config;
  config.vocab_size = 50;
  config.hidden_size = 32;
  config.feed_forward_size = 48;
  config.num_attention_heads = 2;
  config.num_key_value_heads = 1;
  config.layers = {LayerKind::conv, LayerKind::conv, LayerKind::attention, LayerKind::conv,
                   LayerKind::attention};
  const parity::ScratchFolder folder;
  random_model::write(config, folder.path(), 1);
  ModelOptions options;
  options.adapter_folder = parity::folder() / "adapter";
  Error error = open_error(folder.path(), options);
  EXPECT_EQ(error.code, ErrorCode::data_corrupt);
  EXPECT_THAT(error.message, HasSubstr("model.layers.0.conv.in_proj"));

  config.layers = {LayerKind::attention};
  config.hidden_size = 64;
  config.feed_forward_size = 160;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  const parity::ScratchFolder other;
  random_model::write(config, other.path(), 1);
  error = open_error(other.path(), options);
  EXPECT_EQ(error.code, ErrorCode::data_corrupt);
  EXPECT_THAT(error.message, HasSubstr("no linear module of this model"));
}

TEST(Model, RefusesTokensItDoesNotHave) {
  const auto model = parity::open(parity::folder(), {});
  EXPECT_EQ(model->evaluate(parity::documents({1, 512}, {2})).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(model->outputs(parity::documents({1, 2}, {3})).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(model->accumulate(parity::documents({1, 2}, {2}), {}).error().code,
            ErrorCode::invalid_argument);
  const auto state = model->new_state();
  EXPECT_EQ(model->decode({}, *state).error().code, ErrorCode::invalid_argument);
  const std::vector<std::int32_t> wrong{3, -1};
  EXPECT_EQ(model->decode(wrong, *state).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(state->length(), 0);
}

TEST(Model, NothingToPredictIsNoLossAndNoGradient) {
  ModelOptions options;
  options.trainable = Trainable::adapter;
  options.lora.emplace();
  const auto model = parity::open(parity::folder(), options);
  const auto loss = model->accumulate(parity::documents({4, 5, 6}, {1, 1, 1}), {});
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->tokens, 0);
  EXPECT_EQ(loss->sum, 0);
}

TEST(Model, NewAdapterIsDrawnAsPeftDrawsIt) {
  ModelOptions options;
  options.trainable = Trainable::adapter;
  options.lora.emplace();
  const auto model = parity::open(parity::folder(), options);
  const auto again = parity::open(parity::folder(), options);
  ASSERT_EQ(model->parameters().size(), 58U);
  for (std::size_t i = 0; i < model->parameters().size(); ++i) {
    const Parameter& parameter = model->parameters()[i];
    const double most = parameter.value.abs().max().item<double>();
    if (parameter.name.ends_with("lora_B.weight")) {
      EXPECT_EQ(most, 0);
      continue;
    }
    const double bound = 1 / std::sqrt(static_cast<double>(parameter.value.size(1)));
    EXPECT_LE(most, bound);
    EXPECT_GT(most, 0.9 * bound);
    EXPECT_EQ(parity::distance(parameter.value, again->parameters()[i].value), 0);
  }
}

double cosine(Model& a, Model& b) {
  double product = 0;
  double square_a = 0;
  double square_b = 0;
  for (std::size_t i = 0; i < a.parameters().size(); ++i) {
    const at::Tensor x = a.parameters()[i].gradient.to(at::kDouble);
    const at::Tensor y = b.parameters()[i].gradient.to(at::kDouble);
    product += x.mul(y).sum().item<double>();
    square_a += x.square().sum().item<double>();
    square_b += y.square().sum().item<double>();
  }
  return product / std::sqrt(square_a * square_b);
}

// bf16 has eight bits of precision: the direction of the gradient is what can be asked of it.
TEST(Model, ComputesInBf16WithFloat32Gradients) {
  for (const Trainable trainable : {Trainable::adapter, Trainable::everything}) {
    ModelOptions options;
    options.trainable = trainable;
    if (trainable == Trainable::adapter) options.adapter_folder = parity::folder() / "adapter";
    const auto fine = parity::open(parity::folder(), options);
    options.compute = ComputeType::bf16;
    const auto coarse = parity::open(parity::folder(), options);
    const Accumulation how{.scale = 1.0 / 24};
    const auto expected = fine->accumulate(parity::fixture_batch(), how);
    const auto loss = coarse->accumulate(parity::fixture_batch(), how);
    ASSERT_TRUE(loss) << loss.error().message;
    EXPECT_NEAR(loss->sum, expected->sum, 0.02 * expected->sum);
    for (const Parameter& parameter : coarse->parameters()) {
      EXPECT_EQ(parameter.gradient.scalar_type(), at::kFloat);
    }
    EXPECT_GT(cosine(*fine, *coarse), 0.995);
  }
}

TEST(Model, DecodesInBf16) {
  ModelOptions options;
  const auto fine = parity::open(parity::folder(), options);
  options.compute = ComputeType::bf16;
  const auto coarse = parity::open(parity::folder(), options);
  const std::vector<std::int32_t> tokens{1, 22, 42, 61};
  const auto state = fine->new_state();
  const auto coarse_state = coarse->new_state();
  const auto expected = fine->decode(tokens, *state);
  const auto logits = coarse->decode(tokens, *coarse_state);
  ASSERT_TRUE(logits) << logits.error().message;
  EXPECT_EQ(logits->scalar_type(), at::kFloat);
  EXPECT_LE(parity::distance(*logits, *expected), 0.5);
}

TEST(Model, EqualSeedsGiveEqualDropoutAndOthersDoNot) {
  ModelOptions options;
  options.trainable = Trainable::adapter;
  options.lora.emplace().dropout = 0.5;
  const auto model = parity::open(parity::folder(), options);
  for (Parameter& parameter : model->parameters()) {
    if (parameter.name.ends_with("lora_B.weight")) parameter.value.fill_(0.05);
  }
  const Batch batch = parity::fixture_batch();
  const auto loss = [&](const Accumulation& how) { return model->accumulate(batch, how)->sum; };
  const double first = loss({.dropout_seed = 1});
  EXPECT_EQ(first, loss({.dropout_seed = 1}));
  EXPECT_NE(first, loss({.dropout_seed = 2}));
  EXPECT_NEAR(loss({.dropout_seed = 1, .dropout = Accumulation::Dropout::off}),
              model->evaluate(batch)->sum, 1e-3);
}

TEST(Model, GradientsAreAddedUpUntilTheyAreZeroed) {
  ModelOptions options;
  options.trainable = Trainable::everything;
  const auto model = parity::open(parity::folder(), options);
  const Batch batch = parity::fixture_batch();
  ASSERT_TRUE(model->accumulate(batch, {}));
  std::vector<at::Tensor> once;
  for (const Parameter& parameter : model->parameters()) once.push_back(parameter.gradient.clone());
  ASSERT_TRUE(model->accumulate(batch, {}));
  for (std::size_t i = 0; i < once.size(); ++i) {
    const at::Tensor twice = once[i].mul(2);
    const double size = twice.abs().max().item<double>();
    EXPECT_LE(parity::distance(model->parameters()[i].gradient, twice), 1e-5 * (1 + size));
  }
  model->zero_gradients();
  for (const Parameter& parameter : model->parameters()) {
    EXPECT_EQ(parameter.gradient.abs().max().item<double>(), 0);
  }
}

TEST(Model, GivesItsTensorsByName) {
  ModelOptions quantized;
  quantized.storage = FrozenStorage::nf4_double;
  const auto model = parity::open(parity::folder(), {});
  const auto coarse = parity::open(parity::folder(), quantized);
  const auto files = formats::TensorFolder::open(parity::folder());
  ASSERT_TRUE(files);
  for (const formats::TensorEntry& entry : files->tensors()) {
    const auto tensor = model->tensor(entry.name);
    ASSERT_TRUE(tensor) << entry.name;
    const std::vector<std::int64_t> shape{entry.shape.begin(), entry.shape.end()};
    EXPECT_EQ(tensor->sizes().vec(), shape) << entry.name;
    const auto near = coarse->tensor(entry.name);
    ASSERT_TRUE(near) << entry.name;
    EXPECT_LE(parity::distance(*tensor, *near), 0.16 * tensor->abs().max().item<double>());
  }
  EXPECT_EQ(model->tensor("model.layers.9.w1").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace liquid::lfm2
