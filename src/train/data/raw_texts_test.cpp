#include "train/data/raw_texts.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace liquid::train {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class RawTexts : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() /
        ("raw_texts_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  std::vector<std::string> read(const std::string& name) {
    std::vector<std::string> texts;
    const auto counts = for_each_text((folder_ / name).string(),
                                      [&](std::string_view text) { texts.emplace_back(text); });
    EXPECT_TRUE(counts) << counts.error().message;
    if (counts) counts_ = *counts;
    return texts;
  }

  fs::path folder_;
  RawTextCounts counts_;
};

TEST_F(RawTexts, OfADocumentAreItsText) {
  write("a.md", "# Title\n\nBody.\n");
  EXPECT_THAT(read("a.md"), ElementsAre("# Title\n\nBody.\n"));
  EXPECT_EQ(counts_.bytes, 15);
}

TEST_F(RawTexts, OfRowsAreTheStringValues) {
  write("a.jsonl",
        R"({"messages":[{"role":"user","content":"Why?"},{"role":"assistant","content":"So\n"}]})"
        "\nno json\n"
        R"({"text":"three","n":3,"ok":true,"none":null,"empty":""})"
        "\n");
  EXPECT_THAT(read("a.jsonl"), ElementsAre("user", "Why?", "assistant", "So\n", "three"));
  EXPECT_EQ(counts_.unreadable_rows, 1);
  EXPECT_EQ(counts_.files, 1);
}

TEST_F(RawTexts, OfAnArrayAreThoseOfItsRows) {
  write("a.json", "[{\"text\":\"one\"},\n {\"text\":\"two\"}]");
  EXPECT_THAT(read("a.json"), ElementsAre("one", "two"));
}

TEST_F(RawTexts, NamesAPathThatIsNotThere) {
  const auto counts = for_each_text((folder_ / "none").string(), [](std::string_view) {});
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace liquid::train
