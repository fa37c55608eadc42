#include "lfm2/gguf_import.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "formats/peft_adapter.h"
#include "lfm2/checkpoint_files.h"
#include "lfm2/gguf_export.h"
#include "lfm2/layout.h"

namespace liquid::lfm2 {
namespace {

namespace fs = std::filesystem;
using formats::GgufTensorType;
using testing::HasSubstr;

const fs::path kTiny = fs::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny";
const fs::path kTinyGguf =
    fs::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny-gguf/lfm2-tiny-f32.gguf";

class GgufImport : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("gguf_import_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

void expect_same_tensors(const fs::path& one, const fs::path& other) {
  const auto a = open_model_files(one);
  const auto b = open_model_files(other);
  ASSERT_TRUE(a) << a.error().message;
  ASSERT_TRUE(b) << b.error().message;
  for (const ExpectedTensor& tensor : expected_tensors(a->config)) {
    if (tensor.presence == ExpectedTensor::Presence::may_be_absent) continue;
    const auto left = all_values(a->tensors, tensor.name);
    const auto right = all_values(b->tensors, tensor.name);
    ASSERT_TRUE(left && right) << tensor.name;
    EXPECT_EQ(*left, *right) << tensor.name;
  }
}

TEST_F(GgufImport, ReadsTheShapeOfAFileThatAnotherProgramMade) {
  const auto config = read_gguf_config(kTinyGguf);
  const auto original = read_config(kTiny);
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(original);
  EXPECT_EQ(config->layers, original->layers);
  EXPECT_EQ(config->hidden_size, original->hidden_size);
  EXPECT_EQ(config->feed_forward_size, original->feed_forward_size);
  EXPECT_EQ(config->num_key_value_heads, original->num_key_value_heads);
  EXPECT_EQ(config->eos_token_ids, original->eos_token_ids);
  EXPECT_FLOAT_EQ(static_cast<float>(config->rope_theta), static_cast<float>(original->rope_theta));
}

TEST_F(GgufImport, GivesTheWeightsOfAFileThatAnotherProgramMade) {
  ASSERT_TRUE(import_model_gguf(kTinyGguf, folder_));
  expect_same_tensors(kTiny, folder_);
}

TEST_F(GgufImport, IsTheInverseOfOurOwnExport) {
  const fs::path file = folder_ / "model.gguf";
  ASSERT_TRUE(
      export_model_gguf(kTiny, file, {.type = GgufTensorType::f32, .name = "", .extra = {}}));
  ASSERT_TRUE(import_model_gguf(file, folder_));
  expect_same_tensors(kTiny, folder_);
}

TEST_F(GgufImport, GivesAnAdapterOfTheSameScale) {
  const fs::path file = folder_ / "adapter.gguf";
  ASSERT_TRUE(export_adapter_gguf(kTiny / "adapter", kTiny, file,
                                  {.type = GgufTensorType::f32, .name = "", .extra = {}}));
  const auto config = read_config(kTiny);
  ASSERT_TRUE(config);
  const auto imported = import_adapter_gguf(file, *config, folder_);
  ASSERT_TRUE(imported) << imported.error().message;
  const auto before = open_adapter_files(kTiny / "adapter", *config);
  const auto after = open_adapter_files(folder_, *config);
  ASSERT_TRUE(before && after) << after.error().message;
  ASSERT_EQ(before->pairs.size(), after->pairs.size());
  for (const formats::LoraPair& pair : before->pairs) {
    EXPECT_FLOAT_EQ(static_cast<float>(before->config.scale_of(pair.module)),
                    static_cast<float>(after->config.scale_of(pair.module)));
    EXPECT_EQ(*all_values(before->tensors, pair.a.name), *all_values(after->tensors, pair.a.name));
    EXPECT_EQ(*all_values(before->tensors, pair.b.name), *all_values(after->tensors, pair.b.name));
  }
}

TEST_F(GgufImport, RefusesAModelWhereAnAdapterIsExpected) {
  const auto config = read_config(kTiny);
  ASSERT_TRUE(config);
  const auto imported = import_adapter_gguf(kTinyGguf, *config, folder_);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, ErrorCode::unsupported);
  EXPECT_THAT(imported.error().message, HasSubstr("is no LoRA adapter"));
}

TEST_F(GgufImport, NamesWhatIsMissingInAModel) {
  const fs::path file = folder_ / "adapter.gguf";
  ASSERT_TRUE(export_adapter_gguf(kTiny / "adapter", kTiny, file,
                                  {.type = GgufTensorType::f32, .name = "", .extra = {}}));
  const auto imported = import_model_gguf(file, folder_);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(imported.error().message, HasSubstr("lfm2."));
}

}  // namespace
}  // namespace liquid::lfm2
