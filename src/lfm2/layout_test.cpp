#include "lfm2/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "formats/safetensors_reader.h"

namespace liquid::lfm2 {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kTiny =
    std::filesystem::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny";

std::vector<formats::TensorEntry> entries_of(const Lfm2Config& config) {
  std::vector<formats::TensorEntry> entries;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    entries.push_back({.name = tensor.name, .dtype = "F32", .shape = tensor.shape});
  }
  return entries;
}

void drop(std::vector<formats::TensorEntry>& entries, std::string_view name) {
  std::erase_if(entries, [name](const formats::TensorEntry& entry) { return entry.name == name; });
}

TEST(Layout, TheFixtureHasTheTensorsOfItsConfiguration) {
  const Result<Lfm2Config> config = read_config(kTiny);
  const Result<formats::TensorFolder> folder = formats::TensorFolder::open(kTiny);
  ASSERT_TRUE(config && folder);
  const Result<void> whole = check_tensors(*config, folder->tensors());
  EXPECT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(count_parameters(*config).total(), 261'440U);
}

TEST(Layout, ATiedHeadMayBeThereAndAnOwnOneMust) {
  Lfm2Config config = *preset("tiny");
  std::vector<formats::TensorEntry> entries = entries_of(config);
  EXPECT_TRUE(check_tensors(config, entries));
  drop(entries, "lm_head.weight");
  EXPECT_TRUE(check_tensors(config, entries));
  config.head = Lfm2Config::Head::own;
  const Result<void> missing = check_tensors(config, entries);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("missing (1): lm_head.weight"));
}

TEST(Layout, EverythingWrongIsListedAtOnce) {
  const Lfm2Config config = *preset("tiny");
  std::vector<formats::TensorEntry> entries = entries_of(config);
  drop(entries, "model.layers.0.conv.conv.weight");
  entries.back().shape = {1, 2};
  entries.push_back({.name = "extra.weight", .dtype = "F32", .shape = {1}});
  const Result<void> checked = check_tensors(config, entries);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(checked.error().message,
              AllOf(HasSubstr("missing (1): model.layers.0.conv.conv.weight"),
                    HasSubstr("lm_head.weight is [1, 2], expected [4096, 128]"),
                    HasSubstr("not known (1): extra.weight"), Not(HasSubstr("width"))));
}

TEST(Layout, AWrongWidthIsExplained) {
  Lfm2Config config = *preset("tiny");
  const std::vector<formats::TensorEntry> entries = entries_of(config);
  config.feed_forward_size = 256;
  const Result<void> checked = check_tensors(config, entries);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("a width of 256"));
  EXPECT_THAT(checked.error().message, HasSubstr("the weights have 384"));
}

TEST(Layout, LongListsAreCut) {
  const Result<void> checked = check_tensors(*preset("350m"), {});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("missing (148): model.embed_tokens.weight"));
  EXPECT_THAT(checked.error().message, HasSubstr("and 128 more"));
}

TEST(Layout, BiasesAndHeadsOfTheirOwnWidthAreExpected) {
  Lfm2Config config = *preset("tiny");
  config.conv_bias = Lfm2Config::ConvBias::present;
  config.head_size = 48;
  const std::vector<ExpectedTensor> tensors = expected_tensors(config);
  const auto shape_of = [&tensors](std::string_view name) {
    for (const ExpectedTensor& tensor : tensors) {
      if (tensor.name == name) return tensor.shape;
    }
    return std::vector<std::uint64_t>{};
  };
  EXPECT_THAT(shape_of("model.layers.0.conv.in_proj.bias"), testing::ElementsAre(384));
  EXPECT_THAT(shape_of("model.layers.2.self_attn.q_proj.weight"), testing::ElementsAre(192, 128));
  EXPECT_THAT(shape_of("model.layers.2.self_attn.k_proj.weight"), testing::ElementsAre(96, 128));
  EXPECT_THAT(shape_of("model.layers.2.self_attn.out_proj.weight"), testing::ElementsAre(128, 192));
  EXPECT_THAT(shape_of("model.layers.2.self_attn.q_layernorm.weight"), testing::ElementsAre(48));
}

}  // namespace
}  // namespace liquid::lfm2
