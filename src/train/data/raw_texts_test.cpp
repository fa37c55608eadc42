#include "train/data/raw_texts.h"

#include <gmock/gmock.h>

#include "train/data/data_fixture_test.h"

namespace liquid::train {
namespace {

using ::testing::ElementsAre;

class RawTexts : public InFolder {
 protected:
  Result<RawTextCounts> take(const std::filesystem::path& path) {
    texts_.clear();
    return for_each_text(path.string(),
                         [this](std::string_view text) { texts_.emplace_back(text); });
  }
  std::vector<std::string> texts_;
};

TEST_F(RawTexts, AreTheStringsOfRowsButNotTheirKeys) {
  const std::filesystem::path file = write(
      "a.jsonl",
      "{\"a\": \"one\", \"b\": [{\"c\": \"two\"}, 3, null, true, \"\"]}\n{broken\n\"three\"\n");
  const RawTextCounts counts = take(file).value();
  EXPECT_THAT(texts_, ElementsAre("one", "two", "three"));
  EXPECT_EQ(counts.files, 1);
  EXPECT_EQ(counts.texts, 3);
  EXPECT_EQ(counts.bytes, 11);
  EXPECT_EQ(counts.unreadable_rows, 1);
}

TEST_F(RawTexts, AreDocumentsAsAWhole) {
  write("a.md", "# One\n\nTwo");
  write_gzip("b.txt.gz", "three");
  EXPECT_EQ(take(folder()).value().files, 2);
  EXPECT_THAT(texts_, ElementsAre("# One\n\nTwo", "three"));
}

TEST_F(RawTexts, PassOnWhatCannotBeRead) {
  EXPECT_EQ(take(folder() / "none").error().code, ErrorCode::not_found);
  EXPECT_EQ(take(write("a.json", "[1, 2")).error().code, ErrorCode::data_corrupt);
}

}  // namespace
}  // namespace liquid::train
