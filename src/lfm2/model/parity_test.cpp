#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "lfm2/model/parity_fixture.h"

// Tolerances are those of the fixture's README: the reference itself is good to 1.2e-5 in logits.
namespace liquid::lfm2 {
namespace {

using parity::distance;
using parity::expected;
using Arithmetic = ModelOptions::Arithmetic;

constexpr double kLogits = 1e-4;
constexpr double kGradient = 1e-4;
constexpr double kLoss = 1e-5;
constexpr double kPacked = 5e-5;

class Parity : public testing::TestWithParam<Arithmetic> {
 protected:
  static ModelOptions options(Trainable trainable = Trainable::nothing) {
    ModelOptions options;
    options.trainable = trainable;
    options.arithmetic = GetParam();
    return options;
  }
  static ModelOptions adapter_options(Trainable trainable = Trainable::nothing) {
    ModelOptions with_adapter = options(trainable);
    with_adapter.adapter_folder = parity::folder() / "adapter";
    return with_adapter;
  }
  static Batch single() {
    const auto ids = parity::expected_ids("single.input_ids");
    return parity::documents(ids, {static_cast<std::int32_t>(ids.size())});
  }
  static void expect_parameter_gradients(Model& model, const std::string& prefix,
                                         std::size_t count) {
    std::size_t compared = 0;
    for (const Parameter& parameter : model.parameters()) {
      EXPECT_LE(distance(parameter.gradient, expected(prefix + parameter.name)), kGradient)
          << parameter.name;
      ++compared;
    }
    EXPECT_EQ(compared, count);
  }
};

TEST_P(Parity, HiddenStatesAndLogitsOfTheBaseModel) {
  const auto model = parity::open(parity::folder(), options());
  const auto outputs = model->outputs(single());
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_LE(distance(outputs->logits.unsqueeze(0), expected("base.single.logits")), kLogits);
  ASSERT_EQ(outputs->hidden.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const at::Tensor reference = expected("base.single.hidden.0" + std::to_string(i));
    EXPECT_LE(distance(outputs->hidden[i].unsqueeze(0), reference), kLogits) << i;
  }
}

TEST_P(Parity, WeightsStoredInBf16GiveTheSameLogits) {
  const auto model = parity::open(parity::folder() / "variants/bf16", options());
  const auto outputs = model->outputs(single());
  ASSERT_TRUE(outputs);
  EXPECT_LE(distance(outputs->logits.unsqueeze(0), expected("base.single.logits")), kLogits);
}

TEST_P(Parity, LogitsWithAdapter) {
  const auto model = parity::open(parity::folder(), adapter_options());
  EXPECT_TRUE(model->parameters().empty());
  const auto outputs = model->outputs(single());
  ASSERT_TRUE(outputs);
  EXPECT_LE(distance(outputs->logits.unsqueeze(0), expected("lora.single.logits")), kLogits);
}

TEST_P(Parity, LogitsWithRankStabilizedAdapter) {
  const parity::ScratchFolder folder;
  std::filesystem::copy(parity::folder() / "adapter", folder.path());
  std::ifstream in(folder.path() / "adapter_config.json");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string off = "\"use_rslora\": false";
  ASSERT_NE(text.find(off), std::string::npos);
  text.replace(text.find(off), off.size(), "\"use_rslora\": true");
  std::filesystem::permissions(folder.path() / "adapter_config.json",
                               std::filesystem::perms::owner_all);
  std::ofstream(folder.path() / "adapter_config.json") << text;

  ModelOptions with_copy = adapter_options();
  with_copy.adapter_folder = folder.path();
  const auto outputs = parity::open(parity::folder(), with_copy)->outputs(single());
  ASSERT_TRUE(outputs);
  EXPECT_LE(distance(outputs->logits.unsqueeze(0), expected("rslora.single.logits")), kLogits);
}

TEST_P(Parity, LossWithLabelMask) {
  const auto& numbers = parity::expected_numbers();
  const Batch batch = parity::fixture_batch();
  const auto base = parity::open(parity::folder(), options())->evaluate(batch);
  ASSERT_TRUE(base);
  EXPECT_EQ(base->tokens, 24);
  EXPECT_NEAR(base->sum / 24, numbers.at("base.batch.loss").as_double(), kLoss);
  const auto lora = parity::open(parity::folder(), adapter_options())->evaluate(batch);
  ASSERT_TRUE(lora);
  EXPECT_NEAR(lora->sum / 24, numbers.at("lora.batch.loss").as_double(), kLoss);
}

TEST_P(Parity, GradientsOfEveryAdapterTensor) {
  for (const Recompute recompute : {Recompute::nothing, Recompute::layers}) {
    ModelOptions trained = adapter_options(Trainable::adapter);
    trained.recompute = recompute;
    const auto model = parity::open(parity::folder(), trained);
    const auto loss = model->accumulate(parity::fixture_batch(), {.scale = 1.0 / 24});
    ASSERT_TRUE(loss) << loss.error().message;
    EXPECT_NEAR(loss->sum / 24, parity::expected_numbers().at("lora.batch.loss").as_double(),
                kLoss);
    expect_parameter_gradients(*model, "lora.grad.", 58);
  }
}

TEST_P(Parity, GradientsOfAllWeights) {
  const auto model = parity::open(parity::folder(), options(Trainable::everything));
  const auto loss = model->accumulate(parity::fixture_batch(), {.scale = 1.0 / 24});
  ASSERT_TRUE(loss) << loss.error().message;
  std::size_t compared = 0;
  for (const Parameter& parameter : model->parameters()) {
    const bool listed = parameter.name.find("layers.") == std::string::npos ||
                        parameter.name.find("layers.0.") != std::string::npos ||
                        parameter.name.find("layers.2.") != std::string::npos;
    if (!listed) continue;
    EXPECT_LE(distance(parameter.gradient, expected("full.grad." + parameter.name)), kGradient)
        << parameter.name;
    ++compared;
  }
  EXPECT_EQ(compared, 21U);
  EXPECT_EQ(model->parameters().size(), 48U);
}

TEST_P(Parity, PackedDocumentsAreWhatEachIsAlone) {
  for (const bool adapter : {false, true}) {
    const auto model = parity::open(parity::folder(), adapter ? adapter_options() : options());
    const auto outputs = model->outputs(parity::packed_batch());
    ASSERT_TRUE(outputs);
    const std::string name = adapter ? "packed.lora.logits" : "packed.base.logits";
    EXPECT_LE(distance(outputs->logits.unsqueeze(0), expected(name)), kPacked) << name;
  }
}

TEST_P(Parity, GradientsOfPackedDocuments) {
  const auto model = parity::open(parity::folder(), adapter_options(Trainable::adapter));
  const auto loss = model->accumulate(parity::packed_batch(), {.scale = 1.0 / 22});
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->tokens, 22);
  const auto& packed = parity::expected_numbers().at("packed").as_object();
  EXPECT_NEAR(loss->sum / 22, packed.at("lora.loss").as_double(), kLoss);
  expect_parameter_gradients(*model, "packed.lora.grad.", 58);
}

TEST_P(Parity, GreedyTokens) {
  const auto base = parity::open(parity::folder(), options());
  const auto lora = parity::open(parity::folder(), adapter_options());
  for (const auto& value : parity::expected_numbers().at("greedy").as_array()) {
    const auto& wanted = value.as_object();
    Model& model = wanted.at("model").as_string() == "base" ? *base : *lora;
    const auto state = model.new_state();
    std::vector<std::int32_t> input = parity::ids_of(wanted.at("prompt"));
    std::vector<std::int32_t> generated;
    for (int i = 0; i < 20; ++i) {
      const auto logits = model.decode(input, *state);
      ASSERT_TRUE(logits) << logits.error().message;
      generated.push_back(logits->argmax().item<std::int32_t>());
      input = {generated.back()};
    }
    EXPECT_EQ(generated, parity::ids_of(wanted.at("generated")));
  }
}

TEST_P(Parity, DecodingInPiecesGivesTheLogitsOfOnePass) {
  const auto model = parity::open(parity::folder(), adapter_options());
  const Batch batch = single();
  const auto whole = model->outputs(batch);
  ASSERT_TRUE(whole);
  const auto state = model->new_state();
  std::size_t at = 0;
  for (const std::size_t count : {1U, 2U, 7U, 1U, 13U}) {
    const auto logits = model->decode(std::span(batch.input_ids).subspan(at, count), *state);
    ASSERT_TRUE(logits);
    at += count;
    EXPECT_EQ(state->length(), static_cast<std::int64_t>(at));
    EXPECT_LE(distance(*logits, whole->logits.select(0, static_cast<std::int64_t>(at) - 1)),
              kPacked);
  }
}

std::string arithmetic_name(const testing::TestParamInfo<Arithmetic>& param) {
  return param.param == Arithmetic::aten ? "Aten" : "Kernels";
}
INSTANTIATE_TEST_SUITE_P(Each, Parity,
                         testing::Values(Arithmetic::aten, Arithmetic::kernels_where_possible),
                         arithmetic_name);

}  // namespace
}  // namespace liquid::lfm2
