#include "rag/rerank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liquid::rag {
namespace {

using testing::ElementsAre;

const std::vector<generate::Prompt::Term> kTerms = {{"gossip", "gossip", 4.0, true},
                                                    {"library", "librari", 4.0, true}};

search::Hit hit(const std::string& id, const std::string& text, double score) {
  search::Hit made;
  made.chunk_id = id;
  made.path = id;
  made.text = text;
  made.score = score;
  return made;
}

std::vector<std::string> ids(const std::vector<search::Hit>& hits) {
  std::vector<std::string> list;
  for (const search::Hit& each : hits) list.push_back(each.chunk_id);
  return list;
}

TEST(Rerank, PrefersAPlaceThatSpeaksOfTheWholeQuestion) {
  const auto kept = rerank({hit("loud", "Gossip here. Much gossip there. Gossip everywhere.", 9.0),
                            hit("apt", "The library that implements gossip is small.", 8.0)},
                           "Which library implements gossip?", kTerms, 2);
  EXPECT_THAT(ids(kept), ElementsAre("apt", "loud"));
}

TEST(Rerank, KeepsTheOrderWhereNothingElseSpeaksForAnother) {
  const auto kept =
      rerank({hit("a", "gossip library one", 9.0), hit("b", "library two gossip", 8.0)},
             "gossip library", kTerms, 2);
  EXPECT_THAT(ids(kept), ElementsAre("a", "b"));
}

TEST(Rerank, LeavesOutChunksThatRepeatABetterOne) {
  const std::string text =
      "The gossip library keeps every member of the cluster informed of changes";
  const auto kept =
      rerank({hit("first", text + " over UDP.", 9.0), hit("copy", text + " over TCP.", 8.9),
              hit("other", "A library of gossip about something else entirely.", 1.0)},
             "gossip library", kTerms, 2);
  EXPECT_THAT(ids(kept), ElementsAre("first", "other"));
}

TEST(Rerank, ShortChunksAreNotTakenForRepeats) {
  const auto kept = rerank({hit("a", "gossip", 2.0), hit("b", "gossip", 1.0)}, "gossip", kTerms, 5);
  EXPECT_EQ(kept.size(), 2U);
}

TEST(Rerank, KeepsNoMoreThanAskedFor) {
  EXPECT_EQ(rerank({hit("a", "gossip one", 2.0), hit("b", "two library", 1.0)}, "gossip", kTerms, 1)
                .size(),
            1U);
  EXPECT_TRUE(rerank({}, "gossip", kTerms, 3).empty());
}

}  // namespace
}  // namespace liquid::rag
