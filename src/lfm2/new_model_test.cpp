#include "lfm2/new_model.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "lfm2/checkpoint_files.h"

namespace liquid::lfm2 {
namespace {

namespace fs = std::filesystem;

class NewModel : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() /
        ("new_model_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "a");
    fs::create_directories(folder_ / "b");
    config_ = *preset("tiny");
    config_.vocab_size = 640;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string weights(const char* name) { return *read_file(folder_ / name / "model.safetensors"); }

  fs::path folder_;
  Lfm2Config config_;
};

TEST_F(NewModel, HasTheTensorsOfItsConfiguration) {
  ASSERT_TRUE(write_new_model(config_, folder_ / "a"));
  const auto files = open_model_files(folder_ / "a");
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->config.vocab_size, 640);
}

TEST_F(NewModel, DrawsMatricesWithTheConfiguredDeviationAndNormsAreOne) {
  ASSERT_TRUE(write_new_model(config_, folder_ / "a"));
  const auto files = open_model_files(folder_ / "a");
  ASSERT_TRUE(files);
  const auto matrix = all_values(files->tensors, "model.embed_tokens.weight");
  ASSERT_TRUE(matrix);
  double sum = 0;
  double squares = 0;
  for (const float value : *matrix) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto count = static_cast<double>(matrix->size());
  EXPECT_NEAR(sum / count, 0, 0.001);
  EXPECT_NEAR(std::sqrt(squares / count), config_.initializer_range, 0.001);
  const auto norm = all_values(files->tensors, "model.embedding_norm.weight");
  ASSERT_TRUE(norm);
  EXPECT_THAT(*norm, testing::Each(1.0F));
}

TEST_F(NewModel, IsTheSameForTheSameSeedAndAnotherForAnother) {
  ASSERT_TRUE(write_new_model(config_, folder_ / "a", {.seed = 7}));
  ASSERT_TRUE(write_new_model(config_, folder_ / "b", {.seed = 7}));
  EXPECT_EQ(weights("a"), weights("b"));
  ASSERT_TRUE(write_new_model(config_, folder_ / "b", {.seed = 8}));
  EXPECT_NE(weights("a"), weights("b"));
}

TEST_F(NewModel, RefusesANumberTypeItCannotStore) {
  config_.dtype = "int8";
  const auto written = write_new_model(config_, folder_ / "a");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(written.error().message, "dtype 'int8', expected float32, bfloat16 or float16");
}

}  // namespace
}  // namespace liquid::lfm2
