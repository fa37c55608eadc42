#include "lfm2/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liquid::lfm2 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TargetSelection resolved(const std::vector<std::string>& wanted) {
  Result<TargetSelection> selection = resolve_targets(*preset("1.2b"), wanted);
  EXPECT_TRUE(selection) << selection.error().message;
  return selection ? *std::move(selection) : TargetSelection{};
}

std::uint64_t trained(const char* name, std::uint32_t r) {
  const Lfm2Config config = *preset(name);
  return tabulate(config, linear_modules(config), {.r = r}).trained;
}

TEST(Targets, NothingAskedForMeansAllLinearModules) {
  const TargetSelection all = resolved({});
  EXPECT_EQ(all.modules.size(), 10U * 5 + 6U * 7);
  EXPECT_EQ(resolved({"all-linear"}).modules, all.modules);
  EXPECT_THAT(all.peft_names,
              ElementsAre("in_proj", "k_proj", "out_proj", "q_proj", "v_proj", "w1", "w2", "w3"));
  EXPECT_THAT(all.translations, IsEmpty());
}

TEST(Targets, ParameterCountsAreThePublishedOnes) {
  EXPECT_EQ(trained("350m", 16), 5'996'544U);
  EXPECT_EQ(trained("700m", 16), 8'945'664U);
  EXPECT_EQ(trained("1.2b", 16), 11'108'352U);
  EXPECT_EQ(trained("2.6b", 16), 24'461'312U);
}

TEST(Targets, LlamaNamesAreTranslatedAndSaidSo) {
  const TargetSelection llama = resolved({"q_proj", "o_proj", "gate_proj", "mlp.down_proj"});
  EXPECT_EQ(llama.modules, resolved({"q_proj", "out_proj", "w1", "w2"}).modules);
  EXPECT_THAT(llama.translations,
              ElementsAre("o_proj is called out_proj in LFM2", "gate_proj is called w1 in LFM2",
                          "mlp.down_proj is called feed_forward.w2 in LFM2"));
}

TEST(Targets, NamesFitWholeParts) {
  EXPECT_EQ(resolved({"conv.out_proj"}).modules.size(), 10U);
  EXPECT_EQ(resolved({"layers.1.feed_forward.w1"}).modules.size(), 1U);
  const Result<TargetSelection> part =
      resolve_targets(*preset("1.2b"), std::vector<std::string>{"proj"});
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, ErrorCode::not_found);
}

TEST(Targets, ShortNamesForPeftOnlyWhereTheyMeanTheSame) {
  EXPECT_THAT(resolved({"conv.out_proj"}).peft_names, ElementsAre("conv.out_proj"));
  EXPECT_THAT(resolved({"out_proj"}).peft_names, ElementsAre("out_proj"));
  EXPECT_THAT(resolved({R"(model\.layers\.(0|1)\.feed_forward\.w1)"}).peft_names,
              ElementsAre("model.layers.0.feed_forward.w1", "model.layers.1.feed_forward.w1"));
}

TEST(Targets, AnEntryThatFitsNothingListsWhatExists) {
  const Result<TargetSelection> selection =
      resolve_targets(*preset("1.2b"), std::vector<std::string>{"q_proj", "c_attn"});
  ASSERT_FALSE(selection);
  EXPECT_EQ(selection.error().code, ErrorCode::not_found);
  EXPECT_THAT(selection.error().message, HasSubstr("'c_attn'"));
  EXPECT_THAT(selection.error().message, HasSubstr("conv.in_proj, conv.out_proj, feed_forward.w1"));
  EXPECT_THAT(selection.error().message, HasSubstr("self_attn.q_proj"));
}

TEST(Targets, WhatIsNoLinearModuleOfALayerIsRefusedWithTheReason) {
  for (const char* name : {"lm_head", "model.embed_tokens", "conv", "conv.conv"}) {
    const Result<TargetSelection> selection =
        resolve_targets(*preset("1.2b"), std::vector<std::string>{name});
    ASSERT_FALSE(selection) << name;
    EXPECT_EQ(selection.error().code, ErrorCode::unsupported) << name;
  }
  for (const char* bad : {"(", ""}) {
    EXPECT_EQ(resolve_targets(*preset("1.2b"), std::vector<std::string>{bad}).error().code,
              ErrorCode::invalid_argument);
  }
}

TEST(Targets, TheTableShowsKindsAndTheShareOfTheModel) {
  const Lfm2Config config = *preset("1.2b");
  const TargetSelection selection = resolved({"q_proj", "v_proj", "w1"});
  LoraSettings settings{.r = 16};
  settings.rank_pattern = {{"w1", 8}};
  const TargetTable table = tabulate(config, selection.modules, settings);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.rows[0].kind, "feed_forward.w1");
  EXPECT_EQ(table.rows[0].modules, 16);
  EXPECT_EQ(table.rows[0].parameters, 16U * 8 * (2048 + 8192));
  EXPECT_EQ(table.model, 1'170'340'608U);
  const std::string text = to_text(table);
  EXPECT_THAT(text, HasSubstr("feed_forward.w1             16     2048 x 8192      1 310 720\n"));
  EXPECT_THAT(text, HasSubstr("trained: 1 949 696 of 1 170 340 608 parameters (0.17 %)\n"));
}

TEST(Targets, SettingsGoToPeftAndBack) {
  LoraSettings settings{
      .r = 4, .alpha = 6, .dropout = 0, .scaling = LoraSettings::Scaling::alpha_over_sqrt_r};
  settings.targets = {"w1"};
  settings.alpha_pattern = {{"w1", 2.0}};
  const formats::PeftAdapterConfig config = peft_config_of(settings, {"w1"}, "base");
  EXPECT_EQ(config.base_model_name_or_path, "base");
  EXPECT_EQ(settings_of(config), settings);
  EXPECT_EQ(settings.scale("model.layers.0.feed_forward.w1"), 1.0);
  EXPECT_EQ(settings.scale("model.layers.0.feed_forward.w2"), 3.0);
}

}  // namespace
}  // namespace liquid::lfm2
