// What happens to stored answers when the index, the generator or the operator changes something.
#include <gtest/gtest.h>

#include "cache/layer_fixture_test.h"

namespace liquid::cache {
namespace {

using namespace std::chrono_literals;
using http::CacheOutcome;

TEST(Validation, AMovedIndexWithTheSameEvidenceKeepsTheAnswer) {
  LayerFixture house;
  house.ask();
  house.clock.advance(10s);
  house.index.move_to("epoch 2");
  const Reply validated = house.ask();
  EXPECT_EQ(validated.body, "answer 1 to question");
  EXPECT_EQ(validated.x_cache(), "HIT");
  EXPECT_EQ(validated.header("Age"), "10");
  EXPECT_EQ(validated.header("Cache-Status"), "liquid; hit; detail=revalidated; ttl=290");
  EXPECT_EQ(validated.outcome, CacheOutcome::revalidated);
  EXPECT_EQ(house.retrieved, 1);

  EXPECT_EQ(house.ask().header("Cache-Status"), "liquid; hit; ttl=290");
  EXPECT_EQ(house.retrieved, 1) << "the entry took the new epoch";
  EXPECT_EQ(house.stats().hits.revalidated, 1U);
}

TEST(Validation, OtherEvidenceMakesANewAnswer) {
  LayerFixture house;
  house.ask();
  house.index.move_to("epoch 2");
  house.evidence.with([](std::string& text) { text = "evidence 2"; });
  const Reply anew = house.ask();
  EXPECT_EQ(anew.body, "answer 2 to question");
  EXPECT_EQ(anew.x_cache(), "MISS");
  EXPECT_EQ(anew.header("Cache-Status"), "liquid; fwd=stale; stored");
  EXPECT_EQ(house.ask().body, "answer 2 to question");
  EXPECT_EQ(house.stats().evictions.invalidated, 1U);
  EXPECT_EQ(house.stats().total_items, 1U);
}

TEST(Validation, AnIndexThatIsBehindIsAskedAgain) {
  LayerFixture house;
  house.ask();
  house.index.set_behind(true);
  EXPECT_EQ(house.ask().outcome, CacheOutcome::revalidated);
  EXPECT_EQ(house.retrieved, 1);
  EXPECT_EQ(house.ask().outcome, CacheOutcome::hit);
}

TEST(Validation, UnknownEvidenceNeverServesTheStoredAnswer) {
  LayerFixture house;
  house.ask();
  house.index.move_to("epoch 2");
  house.evidence_is_known = false;
  EXPECT_EQ(house.ask().body, "answer 2 to question");
}

TEST(Validation, AnIndexThatCameBackNeedsNoValidation) {
  LayerFixture house;
  house.ask();
  house.index.move_to("epoch 2");
  house.index.move_to("epoch 1");
  EXPECT_EQ(house.ask().outcome, CacheOutcome::hit);
  EXPECT_EQ(house.retrieved, 0);
}

TEST(Validation, RevalidationDoesNotProlongALife) {
  LayerFixture house;
  house.ask();
  house.clock.advance(299s);
  house.index.move_to("epoch 2");
  EXPECT_EQ(house.ask().outcome, CacheOutcome::revalidated);
  house.clock.advance(1s);
  EXPECT_EQ(house.ask().x_cache(), "MISS");
}

TEST(Validation, AnotherAnswerVersionMakesANewAnswer) {
  LayerFixture house;
  house.ask();
  house.index.set_version("version 2");
  EXPECT_EQ(house.ask().body, "answer 2 to question");
  EXPECT_EQ(house.retrieved, 0);
  EXPECT_EQ(house.stats().evictions.invalidated, 1U);
}

TEST(Validation, AnAnswerComputedWhileTheIndexMovedIsValidatedTheNextTime) {
  LayerFixture house;
  house.gate.close();
  Sent first = house.send({});
  house.gate.wait_for_arrivals(1);
  house.index.move_to("epoch 2");
  house.gate.open();
  EXPECT_EQ(first.get().x_cache(), "MISS");
  EXPECT_EQ(house.ask().outcome, CacheOutcome::revalidated);
}

TEST(Validation, WhoAsksAfterTheIndexMovedDoesNotShareAnOlderComputation) {
  LayerFixture house;
  house.gate.close();
  Sent before = house.send({});
  house.gate.wait_for_arrivals(1);
  house.index.move_to("epoch 2");
  house.evidence.with([](std::string& text) { text = "evidence 2"; });
  Sent after = house.send({});
  house.gate.wait_for_arrivals(2);
  house.gate.open();
  EXPECT_EQ(before.get().body, "answer 1 to question");
  EXPECT_EQ(after.get().body, "answer 2 to question");
  EXPECT_EQ(house.ask().body, "answer 2 to question");
}

TEST(Validation, EqualRequestsShareOneValidation) {
  LayerFixture house;
  house.ask();
  house.index.move_to("epoch 2");
  house.gate.close();
  std::vector<Sent> sent;
  for (int i = 0; i < 20; ++i) sent.push_back(house.send({}));
  house.gate.open();
  for (Sent& one : sent) EXPECT_EQ(one.get().x_cache(), "HIT");
  EXPECT_EQ(house.retrieved, 1);
  EXPECT_EQ(house.computed, 1);
  EXPECT_EQ(house.stats().hits.total(), 20U);
}

TEST(Clearing, DropsByEveryPart) {
  LayerFixture house;
  const auto fill = [&] {
    house.documents.with([](std::vector<std::string>& ids) { ids = {"x"}; });
    house.call({.tenant = "a"});
    house.documents.with([](std::vector<std::string>& ids) { ids = {"x", "y"}; });
    house.call({.tenant = "b", .path = "/search"});
  };
  fill();
  EXPECT_EQ(house.cache->clear({.document_id = "y"}), 1U);
  fill();
  EXPECT_EQ(house.cache->clear({.tenant = "a"}), 1U);
  fill();
  EXPECT_EQ(house.cache->clear({.route = "/search"}), 1U);
  fill();
  EXPECT_EQ(house.cache->clear({}), 2U);
  EXPECT_EQ(house.stats().total_items, 0U);
  EXPECT_EQ(house.stats().bytes, 0U);
  EXPECT_EQ(house.stats().evictions.cleared, 5U);
}

TEST(Clearing, AnAnswerUnderWayIsSentButNotStored) {
  LayerFixture house;
  house.gate.close();
  Sent waiting = house.send({});
  house.gate.wait_for_arrivals(1);
  house.cache->clear({});
  house.gate.open();
  const Reply reply = waiting.get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Cache-Status"), "liquid; fwd=uri-miss");
  EXPECT_EQ(house.ask().body, "answer 2 to question");
}

TEST(Clearing, WhoAsksAfterwardsDoesNotShareAnOlderComputation) {
  LayerFixture house;
  house.gate.close();
  Sent before = house.send({});
  house.gate.wait_for_arrivals(1);
  house.cache->clear({});
  Sent after = house.send({});
  house.gate.wait_for_arrivals(2);
  house.gate.open();
  EXPECT_NE(before.get().body, after.get().body);
  EXPECT_EQ(house.ask().body, "answer 2 to question");
  EXPECT_EQ(house.stats().flights, 0U);
}

TEST(Clearing, AnotherTenantsClearingDisturbsNothing) {
  LayerFixture house;
  house.gate.close();
  Sent waiting = house.send({});
  house.gate.wait_for_arrivals(1);
  house.cache->clear({.tenant = "other"});
  house.gate.open();
  EXPECT_EQ(waiting.get().header("Cache-Status"), "liquid; fwd=uri-miss; stored");
}

}  // namespace
}  // namespace liquid::cache
