#include "tracking/models/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/file.h"
#include "tracking/models/pytorch_loader.h"
#include "tracking/models/temporary_folder_test.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ModelFolderTest : public testing::Test {
 protected:
  ModelFolderTest() {
    fs::copy(tiny(), source(), fs::copy_options::recursive);
    model_.weights = OwnWeights{source()};
  }

  static fs::path tiny() { return fs::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny"; }
  fs::path source() const { return folder_ / "source"; }
  fs::path adapter() const { return source() / "adapter"; }
  fs::path target() const { return folder_ / "target"; }

  Result<formats::MlModel> write() { return write_model_folder(model_, target(), clock_); }

  formats::MlModel written() {
    Result<formats::MlModel> model = write();
    EXPECT_TRUE(model) << model.error().message;
    return model ? *std::move(model) : formats::MlModel{};
  }

  /// Nothing is left behind by a refusal, which names `file`.
  void expect_refused(ErrorCode code, const fs::path& file, const std::string& why) {
    const Result<formats::MlModel> model = write();
    ASSERT_FALSE(model) << "nothing wrong with " << file;
    EXPECT_EQ(model.error().code, code) << model.error().message;
    EXPECT_THAT(model.error().message, HasSubstr(file.string()));
    EXPECT_THAT(model.error().message, HasSubstr(why));
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_.path())) {
      EXPECT_EQ(entry.path(), source());
    }
  }

  void replace(const fs::path& file, const std::string& old_text, const std::string& new_text) {
    std::string text = read_file(file).value();
    const std::size_t at = text.find(old_text);
    ASSERT_NE(at, std::string::npos) << old_text;
    write_text(file, text.replace(at, old_text.size(), new_text));
  }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(target())) {
      if (entry.is_regular_file()) {
        names.insert(entry.path().lexically_relative(target()).string());
      }
    }
    return names;
  }

  TemporaryFolder folder_;
  ManualClock clock_;
  ModelFolder model_;
};

TEST_F(ModelFolderTest, HoldsAMergedModel) {
  const formats::MlModel model = written();
  EXPECT_THAT(files(), testing::ElementsAre(
                           "MLmodel", "components/tokenizer/tokenizer.json",
                           "components/tokenizer/tokenizer_config.json", "conda.yaml",
                           "model/config.json", "model/generation_config.json",
                           "model/model.safetensors", "python_env.yaml", "requirements.txt"));
  EXPECT_EQ(model.transformers->pipeline_model_type, "Lfm2ForCausalLM");
  EXPECT_EQ(model.transformers->torch_dtype, "torch.float32");
  EXPECT_EQ(model.transformers->model_binary, "model");
  EXPECT_EQ(model.transformers->peft_adaptor, "");
  EXPECT_EQ(model.python_function->loader_module, "mlflow.transformers");
  EXPECT_EQ(model.signature, formats::text_generation_signature());
  EXPECT_EQ(read_file(target() / "model/model.safetensors").value(),
            read_file(tiny() / "model.safetensors").value());
}

TEST_F(ModelFolderTest, TheWrittenFileIsTheReturnedDescription) {
  model_.metadata = {{"trainer", formats::YamlNode{std::string("liquid")}}};
  const formats::MlModel model = written();
  const auto read = formats::parse_mlmodel(read_file(target() / "MLmodel").value());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, model);
}

TEST_F(ModelFolderTest, SizeCountsWeightsTokenizerAndAdapter) {
  model_.adapter = adapter();
  std::uint64_t bytes = 0;
  const formats::MlModel model = written();
  for (const char* part : {"model", "components", "peft"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(target() / part)) {
      if (entry.is_regular_file()) bytes += entry.file_size();
    }
  }
  EXPECT_EQ(model.model_size_bytes, bytes);
}

TEST_F(ModelFolderTest, HoldsBaseAndAdapter) {
  model_.adapter = adapter();
  const formats::MlModel model = written();
  EXPECT_EQ(model.transformers->peft_adaptor, "peft");
  EXPECT_TRUE(fs::exists(target() / "peft/adapter_config.json"));
  EXPECT_TRUE(fs::exists(target() / "peft/adapter_model.safetensors"));
  EXPECT_THAT(read_file(target() / "requirements.txt").value(), HasSubstr("peft>=0.21.2\n"));
}

TEST_F(ModelFolderTest, AnAdapterAloneNamesItsLocalBase) {
  model_.weights = LocalWeights{source()};
  model_.adapter = adapter();
  const formats::MlModel model = written();
  EXPECT_EQ(model.transformers->local_base_model_path, source().string());
  EXPECT_EQ(model.transformers->model_binary, "");
  EXPECT_FALSE(fs::exists(target() / "model"));
  EXPECT_TRUE(fs::exists(target() / "components/tokenizer/tokenizer.json"));
}

TEST_F(ModelFolderTest, AnAdapterAloneNamesItsBaseOnTheHub) {
  model_.weights = HubWeights{"LiquidAI/LFM2-350M", "0a1b2c", "Lfm2ForCausalLM", "torch.bfloat16"};
  model_.adapter = adapter();
  const formats::MlModel model = written();
  EXPECT_EQ(model.transformers->source_model_name, "LiquidAI/LFM2-350M");
  EXPECT_EQ(model.transformers->source_model_revision, "0a1b2c");
  EXPECT_EQ(model.transformers->tokenizer_name, "LiquidAI/LFM2-350M");
  EXPECT_FALSE(fs::exists(target() / "components"));
}

TEST_F(ModelFolderTest, ShardsGoAlongWithTheirIndex) {
  const fs::path single = source() / "model.safetensors";
  fs::rename(single, source() / "model-00001-of-00001.safetensors");
  write_text(source() / "model.safetensors.index.json",
             R"({"weight_map":{"model.embed_tokens.weight":"model-00001-of-00001.safetensors"}})");
  written();
  EXPECT_TRUE(fs::exists(target() / "model/model-00001-of-00001.safetensors"));
  EXPECT_TRUE(fs::exists(target() / "model/model.safetensors.index.json"));
}

TEST_F(ModelFolderTest, LinksShareTheirBytesWithTheSource) {
  model_.transfer = FileTransfer::link;
  written();
  EXPECT_EQ(fs::hard_link_count(target() / "model/model.safetensors"), 2U);
}

TEST_F(ModelFolderTest, AFolderThatExistsIsLeftAlone) {
  write_text(target() / "mine.txt", "x");
  const Result<formats::MlModel> model = write();
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::conflict);
  EXPECT_THAT(files(), testing::ElementsAre("mine.txt"));
}

TEST_F(ModelFolderTest, MissingFilesAreNamed) {
  fs::remove(source() / "tokenizer.json");
  expect_refused(ErrorCode::not_found, source() / "tokenizer.json", "does not exist");
  fs::remove(source() / "config.json");
  expect_refused(ErrorCode::not_found, source() / "config.json", "");
}

TEST_F(ModelFolderTest, WeightsThatWereCutShortAreRefused) {
  fs::resize_file(source() / "model.safetensors", 500'000);
  expect_refused(ErrorCode::data_corrupt, source() / "model.safetensors", "the file has");
}

TEST_F(ModelFolderTest, PicklesAreNotTakenForWeights) {
  fs::rename(source() / "model.safetensors", source() / "pytorch_model.bin");
  expect_refused(ErrorCode::unsupported, source() / "pytorch_model.bin", "is a pickle");
}

TEST_F(ModelFolderTest, AConfigurationWithoutClassIsRefused) {
  replace(source() / "config.json", "architectures", "architecture");
  expect_refused(ErrorCode::data_corrupt, source() / "config.json", "'architectures'");
}

TEST_F(ModelFolderTest, JsonThatIsNoneIsRefused) {
  write_text(source() / "tokenizer_config.json", "{");
  expect_refused(ErrorCode::data_corrupt, source() / "tokenizer_config.json", "JSON");
}

TEST_F(ModelFolderTest, AnIndexMayNotLeadOutOfItsFolder) {
  fs::rename(source() / "model.safetensors", folder_ / "source/a.safetensors");
  write_text(source() / "model.safetensors.index.json",
             R"({"weight_map":{"w":"../a.safetensors"}})");
  expect_refused(ErrorCode::data_corrupt, source() / "model.safetensors.index.json", "outside");
}

TEST_F(ModelFolderTest, AShardWithoutItsTensorIsRefused) {
  fs::rename(source() / "model.safetensors", source() / "a.safetensors");
  write_text(source() / "model.safetensors.index.json", R"({"weight_map":{"w":"a.safetensors"}})");
  expect_refused(ErrorCode::data_corrupt, source() / "a.safetensors", "lacks the tensor 'w'");
}

TEST_F(ModelFolderTest, OnlyLoraAdaptersOfLanguageModelsAreTaken) {
  model_.adapter = adapter();
  const fs::path config = adapter() / "adapter_config.json";
  replace(config, "\"LORA\"", "\"IA3\"");
  expect_refused(ErrorCode::unsupported, config, "IA3");
  replace(config, "\"IA3\"", "\"LORA\"");
  replace(config, "CAUSAL_LM", "SEQ_CLS");
  expect_refused(ErrorCode::unsupported, config, "SEQ_CLS");
  replace(config, "SEQ_CLS", "CAUSAL_LM");
  replace(config, "\"r\": 4", "\"r\": 0");
  expect_refused(ErrorCode::data_corrupt, config, "'r'");
}

TEST_F(ModelFolderTest, AnAdapterOfAnotherModelIsRefused) {
  model_.adapter = adapter();
  const fs::path weights = adapter() / "adapter_model.safetensors";
  std::string bytes = read_file(weights).value();
  const auto replace_all = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = bytes.find(from, at)) != std::string::npos;) {
      bytes.replace(at, from.size(), to);
    }
  };
  replace_all("base_model.model.model.layers", "base_model.model.model.blocks");
  write_text(weights, bytes);
  expect_refused(ErrorCode::data_corrupt, weights, "is for another model");
  replace_all("base_model.model.model.blocks", "base_other.model.model.blocks");
  write_text(weights, bytes);
  expect_refused(ErrorCode::data_corrupt, weights, "as PEFT names them");
}

TEST_F(ModelFolderTest, WeightsOutsideNeedAnAdapter) {
  model_.weights = LocalWeights{source()};
  const Result<formats::MlModel> model = write();
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::invalid_argument);
}

TEST_F(ModelFolderTest, ThePytorchFlavorNamesALoaderOfItsOwn) {
  model_.pytorch = PytorchFlavor::loader_script;
  const formats::MlModel model = written();
  const std::string module = read_file(target() / "data/pickle_module_info.txt").value();
  EXPECT_EQ(module, "liquid_loader_" + model.model_uuid);
  EXPECT_TRUE(fs::exists(target() / "code" / (module + ".py")));
  EXPECT_NE(formats::find(model.other_flavors, "pytorch"), nullptr);
}

TEST(StoredZip, IsLaidOutAsOtherReadersExpect) {
  const std::string zip = stored_zip({{"a", "hello"}});
  EXPECT_TRUE(zip.starts_with(std::string("PK\x03\x04\x14\0", 6)));
  // CRC-32 of "hello", little end first.
  EXPECT_EQ(zip.substr(14, 4), "\x86\xa6\x10\x36");
  EXPECT_EQ(zip.substr(30, 6), "ahello");
  EXPECT_EQ(zip.substr(36, 4), "PK\x01\x02");
  EXPECT_EQ(zip.size(), 36U + 47U + 22U);
}

}  // namespace
}  // namespace liquid::tracking
