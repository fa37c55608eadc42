#include "ingest/ingest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace liquid::ingest {
namespace {

namespace fs = std::filesystem;

class Silent final : public Observer {
 public:
  void planned(std::uint64_t, std::uint64_t) override {}
  void advanced(const Summary& so_far) override {
    if (stop_after != 0 && so_far.added >= stop_after) stop.request_stop();
  }
  void failed(const Failure&) override {}
  void committed(const Summary&) override { ++commits; }

  std::uint64_t stop_after = 0;
  std::stop_source stop;
  int commits = 0;
};

/// Works in a folder of its own; paths are relative to it.
class IngestTest : public testing::Test {
 protected:
  const fs::path before_ = fs::current_path();
  const fs::path folder_ = fs::path(testing::TempDir()) / "liquid_ingest_test";
  std::unique_ptr<search::ChunkIndex> index_;
  Options options_;
  Silent observer_;
  ManualClock clock_;

  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "docs");
    fs::current_path(folder_);
    index_ = search::ChunkIndex::open("idx", search::OpenMode::create).value();
  }
  void TearDown() override {
    index_.reset();
    fs::current_path(before_);
    fs::remove_all(folder_);
  }

  static void write(const std::string& path, std::string_view content) {
    fs::create_directories((fs::path(".") / path).parent_path());
    ASSERT_TRUE(write_file_atomically(path, content));
  }

  Summary add(const Selection& selection, std::string_view standard_input = {}) {
    const Sources sources = find_sources(selection);
    const auto input = corpus::memory_source(standard_input);
    const Job job{sources, input.get(), observer_, clock_, observer_.stop.get_token()};
    return add_documents(*index_, job, options_).value();
  }
  Summary add(const std::string& path) { return add(Selection{{path}, {}, {}}); }

  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    const std::vector<search::DocumentRow> rows = index_->documents().value();
    for (const search::DocumentRow& row : rows) all.push_back(row.id);
    std::sort(all.begin(), all.end());
    return all;
  }
  using Ids = std::vector<std::string>;
};

TEST_F(IngestTest, AddsSkipsAndReplaces) {
  write("docs/a.md", "# A\n\nAlpha.");
  write("docs/b.md", "# B\n\nBeta.");
  EXPECT_EQ(add("docs").added, 2u);
  write("docs/b.md", "# B\n\nBeta, longer.");
  const Summary second = add("docs");
  EXPECT_EQ(second.unchanged, 1u);
  EXPECT_EQ(second.replaced, 1u);
  EXPECT_EQ(second.added, 0u);
  EXPECT_EQ(ids(), (Ids{"docs/a.md", "docs/b.md"}));
}

TEST_F(IngestTest, EqualContentsHaveEqualEpochsAndOtherChunkSizesAreOtherContents) {
  write("docs/a.md", "# A\n\nAlpha.");
  add("docs");
  const Digest epoch = index_->epoch();
  add("docs");
  EXPECT_EQ(index_->epoch(), epoch);
  options_.chunks.max_tokens = 100;
  EXPECT_EQ(add("docs").replaced, 1u);
  EXPECT_NE(index_->epoch(), epoch);
}

TEST_F(IngestTest, PruneRemovesWhatVanishedUnderTheGivenPathsOnly) {
  write("docs/a.md", "Alpha.");
  write("docs/b.md", "Beta.");
  write("docs2/c.md", "Gamma.");
  add(Selection{{"docs", "docs2"}, {}, {}});
  fs::remove("docs/b.md");
  fs::remove("docs2/c.md");
  EXPECT_EQ(add("docs").removed, 0u);
  options_.vanished = Vanished::prune;
  EXPECT_EQ(add("docs").removed, 1u);
  EXPECT_EQ(ids(), (Ids{"docs/a.md", "docs2/c.md"}));
  EXPECT_EQ(add(Selection{{"docs", "docs2"}, {}, {"a.md"}}).removed, 2u);
}

TEST_F(IngestTest, PruneKeepsWhatOnlyBecameUnreadable) {
  write("docs/a.md", "Alpha.");
  add("docs");
  write("docs/a.md", "");
  options_.vanished = Vanished::prune;
  const Summary summary = add("docs");
  EXPECT_EQ(summary.removed, 0u);
  ASSERT_EQ(summary.failures.size(), 1u);
  EXPECT_EQ(summary.failures[0].path, "docs/a.md");
  EXPECT_EQ(summary.failures[0].reason, "empty file");
}

TEST_F(IngestTest, RowsThatLeaveAFileLeaveTheIndex) {
  write("r.jsonl", R"({"_id": "x", "text": "one"}
{"_id": "y", "text": "two"}
)");
  EXPECT_EQ(add("r.jsonl").added, 2u);
  write("r.jsonl", R"({"_id": "y", "text": "two"})");
  const Summary summary = add("r.jsonl");
  EXPECT_EQ(summary.removed, 1u);
  EXPECT_EQ(summary.unchanged, 1u);
  EXPECT_EQ(ids(), Ids{"y"});
}

TEST_F(IngestTest, StandardInputAddsToWhatItAddedBefore) {
  add(Selection{{"-"}, {}, {}}, R"({"_id": "x", "text": "one"})");
  EXPECT_EQ(add(Selection{{"-"}, {}, {}}, R"({"_id": "y", "text": "two"})").removed, 0u);
  EXPECT_EQ(ids(), (Ids{"x", "y"}));
}

TEST_F(IngestTest, AnIdBelongsToOneFile) {
  write("a.jsonl", R"({"_id": "x", "text": "one"})");
  write("b.jsonl", R"({"_id": "x", "text": "two"})");
  const Summary both = add(Selection{{"a.jsonl", "b.jsonl"}, {}, {}});
  EXPECT_EQ(both.added, 1u);
  ASSERT_EQ(both.failures.size(), 1u);
  EXPECT_EQ(both.failures[0].path, "b.jsonl");
  EXPECT_EQ(both.failures[0].code, ErrorCode::conflict);
  EXPECT_EQ(both.failures[0].reason, "id \"x\" is taken already by a.jsonl");
  EXPECT_EQ(add("b.jsonl").failures.at(0).reason, "id \"x\" belongs to a.jsonl");
}

TEST_F(IngestTest, AnIdMovesWithItsFile) {
  write("a.jsonl", R"({"_id": "x", "text": "one"})");
  add("a.jsonl");
  fs::rename("a.jsonl", "b.jsonl");
  EXPECT_EQ(add("b.jsonl").replaced, 1u);
  EXPECT_EQ(index_->document("x")->path, "b.jsonl");
}

TEST_F(IngestTest, AStopCommitsWhatIsFinished) {
  std::string rows;
  for (int i = 0; i < 500; ++i) rows += R"({"text": "row )" + std::to_string(i) + "\"}\n";
  write("r.jsonl", rows);
  observer_.stop_after = 10;
  const Summary stopped = add("r.jsonl");
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.added, 10u);
  index_.reset();
  index_ = search::ChunkIndex::open("idx", search::OpenMode::create).value();
  EXPECT_EQ(ids().size(), 10u);
  observer_.stop_after = 0;
  observer_.stop = std::stop_source();
  EXPECT_EQ(add("r.jsonl").added, 490u);
}

TEST_F(IngestTest, CommitsWheneverTheIntervalHasPassed) {
  std::string rows;
  for (int i = 0; i < 20; ++i) rows += R"({"text": "row )" + std::to_string(i) + "\"}\n";
  write("r.jsonl", rows);
  options_.commit_interval = std::chrono::milliseconds(0);
  add("r.jsonl");
  EXPECT_EQ(observer_.commits, 21);  // one per document, and the last
}

TEST_F(IngestTest, FilesWaitForTheirTurnHoweverManyReadersThereAre) {
  for (int i = 0; i < 50; ++i)
    write("docs/" + std::to_string(100 + i) + ".md", "Text " + std::to_string(i));
  options_.readers = 4;
  EXPECT_EQ(add("docs").added, 50u);
  EXPECT_EQ(ids().size(), 50u);
}

}  // namespace
}  // namespace liquid::ingest
