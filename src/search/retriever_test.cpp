#include "search/retriever.h"

#include <gmock/gmock.h>

#include "search/testing.h"

namespace liquid::search {
namespace {

using ::testing::ElementsAre;
using namespace liquid::search::testing;

RankedList list_of(const std::vector<std::string>& chunk_ids) {
  RankedList list;
  for (const std::string& id : chunk_ids) {
    Hit hit;
    hit.chunk_id = id;
    hit.score = 100.0;
    hit.relevance = 0.5;
    list.hits.push_back(std::move(hit));
  }
  return list;
}

TEST(Fuse, LeavesASingleListAsItIs) {
  const RankedList fused = fuse({list_of({"a", "b", "c"})}, 2);
  EXPECT_THAT(ids(fused), ElementsAre("a", "b"));
  EXPECT_EQ(fused.hits[0].score, 100.0);
  EXPECT_TRUE(fuse({}, 3).hits.empty());
}

TEST(Fuse, JoinsListsByReciprocalRank) {
  const RankedList fused = fuse({list_of({"a", "b", "c"}), list_of({"b", "d"})}, 10);
  EXPECT_THAT(ids(fused), ElementsAre("b", "a", "d", "c"));
  EXPECT_DOUBLE_EQ(fused.hits[0].score, 1.0 / 62 + 1.0 / 61);
  EXPECT_DOUBLE_EQ(fused.hits[3].score, 1.0 / 63);
  EXPECT_EQ(fused.hits[0].relevance, 0.5);
}

TEST(Fuse, BreaksTiesByChunkId) {
  EXPECT_THAT(ids(fuse({list_of({"b"}), list_of({"a"})}, 10)), ElementsAre("a", "b"));
}

class RetrieverTest : public FolderTest {};

TEST_F(RetrieverTest, GivesTheListOfTheIndex) {
  const auto index = open(OpenMode::create);
  put(*index, sample("a", {"red", "red red"}));
  must(index->commit());
  const Retriever retriever(*index);
  const Result<Retrieved> found = retriever.retrieve({.text = "red", .top_k = 1, .filter = {}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, RetrievalKind::lexical);
  EXPECT_STREQ(retrieval_name(found->kind), "lexical");
  EXPECT_THAT(ids(found->list), ElementsAre("a#1"));
  EXPECT_EQ(found->list.epoch, index->epoch());
}

}  // namespace
}  // namespace liquid::search
