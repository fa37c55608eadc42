#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/file.h"
#include "formats/gguf.h"
#include "formats/safetensors_reader.h"
#include "formats/safetensors_writer.h"
#include "lfm2/checkpoint_files.h"
#include "lfm2/gguf_export.h"
#include "lfm2/gguf_names.h"
#include "lfm2/merge.h"

namespace liquid::lfm2 {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kData = fs::path(LIQUID_SOURCE_DIR) / "tests/data";
const fs::path kTiny = kData / "lfm2-tiny";

/// A folder of the test's own.
fs::path scratch() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  fs::path folder = fs::path(testing::TempDir()) / (std::string("export_") + test->name());
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

void expect_same(const formats::GgufFile& a, const formats::GgufFile& b) {
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (const formats::GgufTensor& tensor : a.tensors()) {
    const formats::GgufTensor* other = b.find_tensor(tensor.name);
    ASSERT_NE(other, nullptr) << tensor.name;
    EXPECT_EQ(tensor.shape, other->shape) << tensor.name;
    EXPECT_EQ(a.values(tensor).value(), b.values(*other).value()) << tensor.name;
  }
}

TEST(GgufExport, TheFixtureHasTheKeysAndTensorsOfTheReference) {
  const fs::path file = scratch() / "tiny.gguf";
  const Result<void> done = export_model_gguf(kTiny, file, {.type = formats::GgufTensorType::f32});
  ASSERT_TRUE(done) << done.error().message;
  const Result<formats::GgufFile> ours = formats::GgufFile::open(file);
  const Result<formats::GgufFile> reference =
      formats::GgufFile::open(kData / "lfm2-tiny-gguf/lfm2-tiny-f32.gguf");
  ASSERT_TRUE(ours && reference);
  EXPECT_EQ(ours->metadata().size(), reference->metadata().size());
  for (const auto& [key, value] : reference->metadata()) {
    ASSERT_NE(ours->find(key), nullptr) << key;
    EXPECT_TRUE(*ours->find(key) == value) << key;
  }
  expect_same(*ours, *reference);
}

TEST(GgufExport, WeightsInBf16AreWidened) {
  const fs::path folder = scratch();
  fs::copy(kTiny, folder / "model", fs::copy_options::recursive);
  fs::copy(kTiny / "variants/bf16/model.safetensors", folder / "model/model.safetensors",
           fs::copy_options::overwrite_existing);
  ASSERT_TRUE(export_model_gguf(folder / "model", folder / "x.gguf",
                                {.type = formats::GgufTensorType::f32,
                                 .name = "named",
                                 .extra = {{"general.source.run", std::string("abc")}}}));
  const Result<formats::GgufFile> ours = formats::GgufFile::open(folder / "x.gguf");
  ASSERT_TRUE(ours);
  EXPECT_EQ(std::get<std::string>(*ours->find("general.name")), "named");
  EXPECT_EQ(std::get<std::string>(*ours->find("general.source.run")), "abc");
  expect_same(*ours, *formats::GgufFile::open(kData / "lfm2-tiny-gguf/lfm2-tiny-f32.gguf"));
}

TEST(GgufExport, ATokenizerLargerThanTheModelIsRefused) {
  const fs::path folder = scratch();
  ASSERT_TRUE(fs::copy_file(kTiny / "tokenizer.json", folder / "tokenizer.json"));
  Lfm2Config config = *read_config(kTiny);
  config.vocab_size = 500;
  ASSERT_TRUE(write_file_atomically(folder / "config.json", to_json(config)));
  const Result<formats::TensorFolder> in = formats::TensorFolder::open(kTiny);
  ASSERT_TRUE(in);
  std::vector<formats::TensorPlan> plans;
  for (const formats::TensorEntry& tensor : in->tensors()) {
    plans.push_back({tensor.name, tensor.dtype, tensor.shape});
    if (tensor.name == "model.embed_tokens.weight") plans.back().shape[0] = 500;
  }
  Result<formats::TensorFolderWriter> out = formats::TensorFolderWriter::create(folder, plans);
  ASSERT_TRUE(out);
  for (const formats::TensorPlan& plan : plans) {
    const std::size_t bytes = plan.name == "model.embed_tokens.weight"
                                  ? std::size_t{500} * 64 * 4
                                  : in->tensor(plan.name)->bytes.size();
    ASSERT_TRUE(out->write(plan.name, in->tensor(plan.name)->bytes.first(bytes)));
  }
  ASSERT_TRUE(out->finish());
  const Result<void> done = export_model_gguf(folder, folder / "x.gguf", {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(done.error().message, HasSubstr("the tokenizer has 502 ids"));
}

TEST(GgufExport, AnAdapterBecomesPairsAndOneAlpha) {
  const fs::path file = scratch() / "lora.gguf";
  const Result<void> done =
      export_adapter_gguf(kTiny / "adapter", kTiny, file, {.type = formats::GgufTensorType::f32});
  ASSERT_TRUE(done) << done.error().message;
  const Result<formats::GgufFile> lora = formats::GgufFile::open(file);
  ASSERT_TRUE(lora);
  EXPECT_EQ(std::get<float>(*lora->find("adapter.lora.alpha")), 8.0F);
  EXPECT_EQ(std::get<std::string>(*lora->find("general.type")), "adapter");
  EXPECT_EQ(lora->tensors().size(), 58U);
  const formats::GgufTensor* a = lora->find_tensor("blk.0.shortconv.in_proj.weight.lora_a");
  const formats::GgufTensor* b = lora->find_tensor("blk.0.shortconv.in_proj.weight.lora_b");
  ASSERT_TRUE(a != nullptr && b != nullptr);
  EXPECT_THAT(a->shape, testing::ElementsAre(4, 64));
  EXPECT_THAT(b->shape, testing::ElementsAre(192, 4));
}

TEST(GgufNames, EveryTensorOfAModelHasOneAndOthersNone) {
  EXPECT_EQ(gguf_name("model.layers.12.self_attn.out_proj.weight"), "blk.12.attn_output.weight");
  EXPECT_EQ(gguf_name("model.embedding_norm.weight"), "token_embd_norm.weight");
  for (const char* name : {"model.layers.0.conv.in_proj.bias", "model.layers.0.weight", "x",
                           "model.layers.conv.conv.weight"}) {
    EXPECT_FALSE(gguf_name(name)) << name;
  }
}

TEST(Merge, TheFixturesAdapterGivesItsMergedWeight) {
  const fs::path out = scratch();
  const Result<void> done = merge_adapter(kTiny, kTiny / "adapter", out);
  ASSERT_TRUE(done) << done.error().message;
  const Result<formats::TensorFolder> merged = formats::TensorFolder::open(out);
  const Result<formats::SafetensorsFile> expected =
      formats::SafetensorsFile::open(kTiny / "expected.safetensors");
  ASSERT_TRUE(merged && expected);
  int compared = 0;
  for (const formats::TensorEntry& entry : expected->tensors()) {
    const std::string prefix = "lora.merged.";
    if (!entry.name.starts_with(prefix) || entry.name.ends_with("logits")) continue;
    const std::string name = entry.name.substr(prefix.size());
    const Result<std::vector<float>> ours = all_values(*merged, name);
    ASSERT_TRUE(ours) << ours.error().message;
    std::vector<float> theirs(ours->size());
    std::memcpy(theirs.data(), expected->tensor(entry.name)->bytes.data(), theirs.size() * 4);
    for (std::size_t i = 0; i < theirs.size(); ++i) ASSERT_NEAR((*ours)[i], theirs[i], 1e-6);
    ++compared;
  }
  EXPECT_EQ(compared, 1);
  EXPECT_EQ(*read_file(out / "config.json"), *read_file(kTiny / "config.json"));
  EXPECT_TRUE(fs::exists(out / "tokenizer.json"));
  EXPECT_FALSE(fs::exists(out / "README.md"));
}

TEST(Merge, AnotherDtypeIsWrittenIntoTheConfiguration) {
  const fs::path out = scratch();
  ASSERT_TRUE(
      merge_adapter(kTiny, kTiny / "adapter", out, {.dtype = "BF16", .max_shard_bytes = 100'000}));
  EXPECT_EQ(read_config(out)->dtype, "bfloat16");
  EXPECT_TRUE(fs::exists(out / "model.safetensors.index.json"));
  EXPECT_TRUE(open_model_files(out));
}

TEST(Merge, TheBasesOwnFolderAndUnknownDtypesAreRefused) {
  const fs::path folder = scratch();
  fs::copy(kTiny, folder / "base", fs::copy_options::recursive);
  const Result<void> same =
      merge_adapter(folder / "base", kTiny / "adapter", folder / "base/../base");
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(merge_adapter(kTiny, kTiny / "adapter", folder / "out", {.dtype = "Q8_0"}).error().code,
            ErrorCode::invalid_argument);
}

TEST(Merge, AnAdapterOfAnotherModelIsRefused) {
  const fs::path folder = scratch();
  Lfm2Config config = *read_config(kTiny);
  config.layers[0] = LayerKind::attention;
  const Result<AdapterFiles> adapter = open_adapter_files(kTiny / "adapter", config);
  ASSERT_FALSE(adapter);
  EXPECT_EQ(adapter.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(adapter.error().message,
              HasSubstr("'model.layers.0.conv.in_proj', which is no linear module"));
}

}  // namespace
}  // namespace liquid::lfm2
