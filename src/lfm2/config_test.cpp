#include "lfm2/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lfm2/layout.h"

namespace liquid::lfm2 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr LayerKind kConv = LayerKind::conv;
constexpr LayerKind kAttention = LayerKind::attention;

Result<Lfm2Config> with(const std::string& fields) {
  return parse_config(
      R"({"model_type":"lfm2","hidden_size":32,"num_attention_heads":4,"num_key_value_heads":2,)"
      R"("num_hidden_layers":2)" +
      (fields.empty() ? "" : "," + fields) + "}");
}

TEST(Lfm2Config, ReadsTheFixture) {
  const Result<Lfm2Config> config =
      read_config(std::filesystem::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->feed_forward_size, 160);
  EXPECT_EQ(config->head_dim(), 16);
  EXPECT_THAT(config->layers, ElementsAre(kConv, kConv, kAttention, kConv, kAttention));
  EXPECT_THAT(config->eos_token_ids, ElementsAre(7));
  EXPECT_EQ(config->head, Lfm2Config::Head::tied);
  EXPECT_EQ(config->dtype, "float32");
}

TEST(Lfm2Config, WidthsOfThePublishedFiles) {
  const std::pair<std::int64_t, std::int64_t> published[] = {
      {6656, 4608}, {10240, 6912}, {12288, 8192}};
  for (const auto& [given, used] : published) {
    EXPECT_EQ(with(R"("block_ff_dim":)" + std::to_string(given))->feed_forward_size, used);
    EXPECT_EQ(with(R"("intermediate_size":)" + std::to_string(given))->feed_forward_size, used);
  }
  EXPECT_EQ(
      with(R"("intermediate_size":10752,"block_auto_adjust_ff_dim":false)")->feed_forward_size,
      10752);
  EXPECT_EQ(with("")->feed_forward_size, 8192);
}

TEST(Lfm2Config, WithoutAMultiplierBothRulesAreKept) {
  const Result<Lfm2Config> config =
      with(R"("intermediate_size":200,"block_multiple_of":32,"block_ffn_dim_multiplier":null)");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->feed_forward_size, 133);
  EXPECT_EQ(config->older_feed_forward_size, 160);
  const formats::TensorEntry older{
      .name = "model.layers.0.feed_forward.w1.weight", .dtype = "F32", .shape = {160, 32}};
  EXPECT_EQ(with_width_of(*config, {&older, 1}).feed_forward_size, 160);
  const formats::TensorEntry other{
      .name = "model.layers.0.feed_forward.w1.weight", .dtype = "F32", .shape = {150, 32}};
  EXPECT_EQ(with_width_of(*config, {&other, 1}).feed_forward_size, 133);
}

TEST(Lfm2Config, NullIsTheDefaultAndWholeRealsAreNumbers) {
  const Result<Lfm2Config> config =
      with(R"("norm_eps":null,"vocab_size":6.4e1,"rope_theta":1000000,"eos_token_id":null)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->norm_eps, 1e-5);
  EXPECT_EQ(config->vocab_size, 64);
  EXPECT_TRUE(config->eos_token_ids.empty());
}

TEST(Lfm2Config, LayerTypesWinOverIndicesAndNeitherMeansAttention) {
  EXPECT_THAT(with(R"("layer_types":["conv","full_attention"],"full_attn_idxs":[0])")->layers,
              ElementsAre(kConv, kAttention));
  EXPECT_THAT(with(R"("full_attn_idxs":[0])")->layers, ElementsAre(kAttention, kConv));
  EXPECT_THAT(with("")->layers, ElementsAre(kAttention, kAttention));
}

TEST(Lfm2Config, MixtureOfExpertsIsRefusedInPlainWords) {
  const Result<Lfm2Config> config = parse_config(R"({"model_type":"lfm2_moe"})");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::unsupported);
  EXPECT_THAT(config.error().message, HasSubstr("mixture-of-experts"));
}

TEST(Lfm2Config, WhatIsWrittenIsReadBack) {
  Lfm2Config config = *preset("tiny");
  config.conv_bias = Lfm2Config::ConvBias::present;
  config.head = Lfm2Config::Head::own;
  config.head_size = 48;
  config.rope_theta = 12345.5;
  config.norm_eps = 1e-6;
  config.conv_kernel = 4;
  config.pad_token_id = std::nullopt;
  config.eos_token_ids = {7, 2};
  config.dtype = "bfloat16";
  const Result<Lfm2Config> again = parse_config(to_json(config));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, config);
}

TEST(Lfm2Config, PresetsHaveThePublishedNumberOfParameters) {
  const std::pair<const char*, std::uint64_t> published[] = {{"230m", 229'693'184},
                                                             {"350m", 354'483'968},
                                                             {"700m", 742'489'344},
                                                             {"1.2b", 1'170'340'608},
                                                             {"2.6b", 2'569'272'320}};
  for (const auto& [name, parameters] : published) {
    EXPECT_EQ(count_parameters(*preset(name)).total(), parameters) << name;
  }
  for (const std::string& name : preset_names()) EXPECT_TRUE(validate(*preset(name))) << name;
  const Result<Lfm2Config> none = preset("7b");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  EXPECT_THAT(none.error().message, HasSubstr("tiny, 230m"));
}

TEST(Lfm2Config, NumbersThatMakeNoModelAreNamed) {
  const std::pair<const char*, const char*> bad[] = {
      {R"("num_attention_heads":5)", "num_attention_heads"},
      {R"("num_key_value_heads":0)", "num_key_value_heads"},
      {R"("head_dim":7)", "head_dim"},
      {R"("norm_eps":0)", "norm_eps"},
      {R"("rope_theta":0.5)", "rope_theta"},
      {R"("block_ffn_dim_multiplier":-1)", "intermediate_size"},
      {R"("block_multiple_of":0)", "intermediate_size"},
      {R"("intermediate_size":9e15)", "intermediate_size"},
      {R"("conv_L_cache":-3)", "conv_L_cache"}};
  for (const auto& [fields, name] : bad) {
    const Result<Lfm2Config> config = with(fields);
    ASSERT_FALSE(config) << fields;
    EXPECT_EQ(config.error().code, ErrorCode::invalid_argument) << fields;
    EXPECT_THAT(config.error().message, HasSubstr(name)) << fields;
  }
}

}  // namespace
}  // namespace liquid::lfm2
