#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "search/testing.h"

namespace liquid::search {
namespace {

using namespace liquid::search::testing;

class ConcurrencyTest : public FolderTest {};
class CrashTest : public FolderTest {};

// Generation g of the index: documents 0..kDocuments-1, each saying g and nothing else.
constexpr std::size_t kDocuments = 20;

std::vector<Sample> generation(int number) {
  std::vector<Sample> made;
  made.reserve(kDocuments);
  for (std::size_t i = 0; i < kDocuments; ++i) {
    made.push_back(
        sample("doc" + std::to_string(i), {"common gen" + std::to_string(number), "common"}));
  }
  return made;
}

void write_generation(ChunkIndex& index, int number) {
  for (const Sample& made : generation(number)) put(index, made);
  must(index.commit());
}

// Every hit must be of one and the same commit.
void expect_one_state(const ChunkIndex& index) {
  const Result<RankedList> found =
      index.search({.text = "common", .top_k = 3 * kDocuments, .filter = {}});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->hits.size(), 2 * kDocuments);
  std::string said;
  for (const Hit& hit : found->hits) {
    if (hit.text == "common") continue;
    if (said.empty()) said = hit.text;
    ASSERT_EQ(hit.text, said);
  }
}

TEST_F(ConcurrencyTest, ReadersAlwaysSeeOneWholeCommit) {
  const auto writer = open(OpenMode::create);
  write_generation(*writer, 0);
  const auto other = open(OpenMode::read_only);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (const ChunkIndex* index : {writer.get(), writer.get(), other.get()}) {
    readers.emplace_back([&done, index] {
      while (!done) {
        expect_one_state(*index);
        if (::testing::Test::HasFatalFailure()) return;
        EXPECT_FALSE(index->term_weights("common words").empty());
        EXPECT_TRUE(index->document("doc3"));
        EXPECT_EQ(index->totals().documents, kDocuments);
      }
    });
  }
  std::thread refresher([&] {
    while (!done) {
      if (other->is_behind()) must(other->refresh());
    }
  });
  for (int number = 1; number <= 40; ++number) write_generation(*writer, number);
  must(writer->merge());
  done = true;
  refresher.join();
  for (std::thread& reader : readers) reader.join();
  must(other->refresh());
  EXPECT_EQ(other->epoch(), writer->epoch());
  must(writer->check());
}

TEST_F(ConcurrencyTest, MergesInTheBackgroundKeepTheNumberOfSegmentsSmall) {
  const auto index = open(OpenMode::create);
  for (int i = 0; i < 60; ++i) {
    put(*index, sample("doc" + std::to_string(i), {"common word" + std::to_string(i)}));
    if (i % 7 == 3) {
      ASSERT_TRUE(index->remove("doc" + std::to_string(i / 2)));
    }
    must(index->commit());
  }
  const std::uint64_t documents = index->totals().documents;
  EXPECT_EQ(search(*index, "common", 100).size(), documents);
  must(index->check());
  const std::uint64_t generations_before = index->totals().segments;
  must(index->merge());
  EXPECT_EQ(index->totals().segments, 1U);
  EXPECT_LT(generations_before, 60U);
  EXPECT_EQ(search(*index, "common", 100).size(), documents);
  must(index->check());
}

// In the child: commits whole generations until killed, telling the parent after each.
[[noreturn]] void write_until_killed(const std::filesystem::path& folder, int to_parent) {
  Result<std::unique_ptr<ChunkIndex>> index = ChunkIndex::open(folder, OpenMode::create);
  if (!index) ::_exit(3);
  for (int number = 1;; ++number) {
    for (const Sample& made : generation(number)) {
      if (!(*index)->put(made.document, made.chunks)) ::_exit(4);
    }
    if (!(*index)->commit()) ::_exit(5);
    if (::write(to_parent, &number, sizeof(number)) != sizeof(number)) ::_exit(6);
  }
}

TEST_F(CrashTest, AKillAtAnyTimeLeavesTheLastCommit) {
  open(OpenMode::create);
  std::uint64_t most_segments = 0;
  for (int round = 0; round < 12; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed(folder_, pipe_ends[1]);
    ::close(pipe_ends[1]);
    int confirmed = 0;
    for (int i = 0; i <= round; ++i) {
      ASSERT_EQ(::read(pipe_ends[0], &confirmed, sizeof(confirmed)), ssize_t{sizeof(confirmed)});
    }
    ::kill(child, SIGKILL);  // somewhere in the next generation
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    for (int later = 0; ::read(pipe_ends[0], &later, sizeof(later)) == sizeof(later);)
      confirmed = later;
    ::close(pipe_ends[0]);

    const auto index = open(OpenMode::read_write);
    ASSERT_NE(index, nullptr);
    must(index->check());
    expect_one_state(*index);
    // The kill may have hit between the commit and the report of it.
    EXPECT_EQ(search(*index, "gen" + std::to_string(confirmed)).size() +
                  search(*index, "gen" + std::to_string(confirmed + 1)).size(),
              10U);
    most_segments = std::max(most_segments, index->totals().segments);
  }
  EXPECT_LT(most_segments, 40U);
}

TEST_F(CrashTest, AReaderNoticesACommitThatNobodyAnnounced) {
  const auto writer = open(OpenMode::create);
  const auto reader = open(OpenMode::read_only);
  put(*writer, sample("a", {"red"}));
  must(writer->commit());
  // As after a kill between the commit and the store to the shared counter.
  const std::uint64_t stale = 0;
  std::FILE* file = std::fopen((folder_ / "generation").c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fwrite(&stale, sizeof(stale), 1, file), 1U);
  std::fclose(file);
  EXPECT_FALSE(reader->is_behind());
  must(reader->refresh());
  EXPECT_EQ(reader->epoch(), writer->epoch());
}

}  // namespace
}  // namespace liquid::search
