#include "formats/peft_adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "formats/module_pattern.h"

namespace liquid::formats {
namespace {

using testing::HasSubstr;

PeftAdapterConfig parsed(const std::string& fields) {
  Result<PeftAdapterConfig> config =
      parse_peft_config(R"({"peft_type":"LORA","target_modules":["w1"],)" + fields + "}");
  EXPECT_TRUE(config) << config.error().message;
  return config ? *std::move(config) : PeftAdapterConfig{};
}

TEST(PeftAdapter, ReadsTheFixture) {
  const Result<PeftAdapterConfig> config =
      read_peft_config(std::filesystem::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny/adapter");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->r, 4U);
  EXPECT_EQ(config->lora_alpha, 8.0);
  EXPECT_EQ(config->scale_of("model.layers.0.conv.in_proj"), 2.0);
  EXPECT_EQ(config->target_modules.size(), 8U);
  EXPECT_EQ(config->base_model_name_or_path, "lfm2-tiny");
}

TEST(PeftAdapter, WhatIsWrittenIsReadBack) {
  PeftAdapterConfig config;
  config.base_model_name_or_path = "models/\"x\"";
  config.revision = "main";
  config.r = 16;
  config.lora_alpha = 32.5;
  config.lora_dropout = 0.1;
  config.scaling = PeftAdapterConfig::Scaling::alpha_over_sqrt_r;
  config.target_modules = {"w1", "conv.in_proj"};
  config.rank_pattern = {{"w1", 4}, {"layers\\.1\\..*", 8}};
  config.alpha_pattern = {{"w1", 1.5}};
  const Result<PeftAdapterConfig> again = parse_peft_config(write_peft_config(config));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, config);
}

TEST(PeftAdapter, TheFirstPatternThatFitsCounts) {
  const PeftAdapterConfig config =
      parsed(R"("r":8,"lora_alpha":16,"rank_pattern":{"w1":2,"layers.1.feed_forward.w1":4},)"
             R"("alpha_pattern":{"^model.layers.0.*":5})");
  EXPECT_EQ(config.rank_of("model.layers.1.feed_forward.w1"), 2U);
  EXPECT_EQ(config.rank_of("model.layers.1.feed_forward.aw1"), 8U);
  EXPECT_EQ(config.alpha_of("model.layers.0.conv.in_proj"), 5.0);
  EXPECT_EQ(config.scale_of("model.layers.1.feed_forward.w1"), 8.0);
}

TEST(PeftAdapter, RankStabilisedScaleDividesByTheRoot) {
  EXPECT_EQ(parsed(R"("r":16,"lora_alpha":8,"use_rslora":true)").scale_of("x"), 2.0);
}

TEST(PeftAdapter, FieldsOfTheWrongKindAreNamed) {
  const char* bad[] = {R"("r":0)",
                       R"("r":1.5)",
                       R"("r":"8")",
                       R"("lora_alpha":"8")",
                       R"("lora_dropout":1)",
                       R"("use_rslora":1)",
                       R"("task_type":3)",
                       R"("rank_pattern":[1])",
                       R"("rank_pattern":{"w1":0})",
                       R"("alpha_pattern":{"w1":null})"};
  for (const char* field : bad) {
    const Result<PeftAdapterConfig> config = parse_peft_config(
        std::string(R"({"peft_type":"LORA","target_modules":["w1"],)") + field + "}");
    ASSERT_FALSE(config) << field;
    EXPECT_EQ(config.error().code, ErrorCode::data_corrupt);
    const std::string name(field + 1, std::string_view(field).find(':') - 2);
    EXPECT_THAT(config.error().message, HasSubstr(name));
  }
  EXPECT_EQ(parse_peft_config("[]").error().code, ErrorCode::data_corrupt);
  EXPECT_EQ(parse_peft_config("{}").error().code, ErrorCode::data_corrupt);
}

TEST(PeftAdapter, APatternThatIsNoExpressionIsRefused) {
  const Result<PeftAdapterConfig> config =
      parse_peft_config(R"({"peft_type":"LORA","target_modules":["w1"],"rank_pattern":{"w(1":2}})");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(config.error().message, HasSubstr("w(1"));
}

TEST(PeftAdapter, AnExpressionThatBacktracksDoesNotHang) {
  const std::string path(60, 'a');
  EXPECT_FALSE(fits_whole("(a*)*(a*)*(a*)*b", path));
  EXPECT_FALSE(pattern_fits(std::string(5000, 'a'), path));
}

TEST(PeftAdapter, TensorNamesGoThereAndBack) {
  const std::string name = lora_tensor_name("model.layers.0.conv.in_proj", LoraSide::b);
  EXPECT_EQ(name, "base_model.model.model.layers.0.conv.in_proj.lora_B.weight");
  const std::optional<LoraTensorName> parts = parse_lora_tensor_name(name);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->module, "model.layers.0.conv.in_proj");
  EXPECT_EQ(parts->side, LoraSide::b);
  for (const char* other : {"lm_head.weight", "base_model.model.lora_A.weight",
                            "base_model.model..lora_A.weight", "x.w1.lora_A.weight"}) {
    const auto found = parse_lora_tensor_name(other);
    EXPECT_TRUE(!found || !found->module.empty()) << other;
  }
}

TensorEntry tensor(const std::string& module, LoraSide side, std::vector<std::uint64_t> shape) {
  return {.name = lora_tensor_name(module, side), .dtype = "F32", .shape = std::move(shape)};
}

TEST(PeftAdapter, PairsAreSortedAndChecked) {
  PeftAdapterConfig config;
  config.r = 2;
  const auto pairs =
      pair_lora_tensors({tensor("b", LoraSide::b, {5, 2}), tensor("b", LoraSide::a, {2, 3}),
                         tensor("a", LoraSide::a, {2, 7}), tensor("a", LoraSide::b, {1, 2})},
                        config);
  ASSERT_TRUE(pairs) << pairs.error().message;
  ASSERT_EQ(pairs->size(), 2U);
  EXPECT_EQ((*pairs)[1].module, "b");
  EXPECT_EQ((*pairs)[1].in(), 3U);
  EXPECT_EQ((*pairs)[1].out(), 5U);
}

TEST(PeftAdapter, PairsThatAreNoneAreRefused) {
  PeftAdapterConfig config;
  config.r = 2;
  const std::pair<std::vector<TensorEntry>, ErrorCode> bad[] = {
      {{}, ErrorCode::data_corrupt},
      {{tensor("a", LoraSide::a, {2, 3})}, ErrorCode::data_corrupt},
      {{tensor("a", LoraSide::a, {2, 3}), tensor("a", LoraSide::b, {3, 4})},
       ErrorCode::data_corrupt},
      {{tensor("a", LoraSide::a, {4, 3}), tensor("a", LoraSide::b, {3, 4})},
       ErrorCode::data_corrupt},
      {{tensor("a", LoraSide::a, {6}), tensor("a", LoraSide::b, {3, 2})}, ErrorCode::data_corrupt},
      {{{.name = "base_model.model.lm_head.weight", .dtype = "F32", .shape = {2, 2}}},
       ErrorCode::unsupported}};
  for (const auto& [tensors, code] : bad) {
    const auto pairs = pair_lora_tensors(tensors, config);
    ASSERT_FALSE(pairs);
    EXPECT_EQ(pairs.error().code, code) << pairs.error().message;
  }
}

}  // namespace
}  // namespace liquid::formats
