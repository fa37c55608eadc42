#include "base/file.h"

#include <gtest/gtest.h>

namespace liquid {
namespace {

class FileTest : public testing::Test {
 protected:
  const std::filesystem::path folder_ = testing::TempDir() + "liquid_file_test";
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
};

TEST_F(FileTest, ReadsBackWhatWasWrittenAndLeavesNothingAside) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a", "one").has_value());
  ASSERT_TRUE(write_file_atomically(folder_ / "a", "two").has_value());
  EXPECT_EQ(read_file(folder_ / "a").value(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FileTest, NamesTheMissingFile) {
  const Result<std::string> missing = read_file(folder_ / "nope");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_NE(missing.error().message.find("nope"), std::string::npos);
}

TEST_F(FileTest, RefusesMoreThanTheLimit) {
  ASSERT_TRUE(write_file_atomically(folder_ / "big", "12345").has_value());
  EXPECT_EQ(read_file(folder_ / "big", 4).error().code, ErrorCode::resource_exhausted);
}

TEST_F(FileTest, RefusesAFolder) {
  EXPECT_EQ(read_file(folder_).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace liquid
