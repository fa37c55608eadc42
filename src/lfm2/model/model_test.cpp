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
