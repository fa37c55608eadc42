#include <gtest/gtest.h>

#include "cache/entity_tag.h"
#include "cache/layer_fixture_test.h"

namespace liquid::cache {
namespace {

using http::CacheOutcome;

/// Sends equal requests while the first computation is held up.
std::vector<Sent> send_many(LayerFixture& house, int count) {
  std::vector<Sent> sent;
  for (int i = 0; i < count; ++i) sent.push_back(house.send({}));
  house.gate.wait_for_arrivals(1);
  return sent;
}

TEST(SingleFlight, EqualMissesMakeOneComputation) {
  LayerFixture house;
  house.gate.close();
  std::vector<Sent> sent = send_many(house, 32);
  EXPECT_EQ(house.stats().flights, 1U);
  house.gate.open();
  int misses = 0;
  for (Sent& one : sent) {
    const Reply reply = one.get();
    EXPECT_EQ(reply.body, "answer 1 to question");
    if (reply.x_cache() == "MISS") {
      ++misses;
      EXPECT_EQ(reply.header("Cache-Status"), "liquid; fwd=uri-miss; stored");
    } else {
      EXPECT_EQ(reply.header("Cache-Status"), "liquid; fwd=uri-miss; stored; collapsed; ttl=300");
      EXPECT_EQ(reply.header("X-Cache-Age"), "0");
      EXPECT_EQ(reply.outcome, CacheOutcome::joined);
    }
  }
  EXPECT_EQ(misses, 1);
  EXPECT_EQ(house.computed, 1);
  EXPECT_EQ(house.stats().misses, 1U);
  EXPECT_EQ(house.stats().hits.joined, 31U);
  EXPECT_EQ(house.stats().flights, 0U);
}

TEST(SingleFlight, AFailureReachesEveryWaiterAndIsNotStored) {
  LayerFixture house;
  house.status = 503;
  house.gate.close();
  std::vector<Sent> sent = send_many(house, 10);
  house.gate.open();
  for (Sent& one : sent) {
    const Reply reply = one.get();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.body, "answer 1 to question");
    EXPECT_FALSE(reply.headers.contains("X-Cache"));
  }
  EXPECT_EQ(house.stats().failures, 10U);
  EXPECT_EQ(house.stats().total_items, 0U);
  house.status = 200;
  EXPECT_EQ(house.ask().x_cache(), "MISS");
}

TEST(SingleFlight, DifferentQuestionsAndTenantsFlyAlone) {
  LayerFixture house;
  house.gate.close();
  Sent one = house.send({});
  Sent other = house.send({.body = "other"});
  Sent foreign = house.send({.tenant = "acme"});
  house.gate.wait_for_arrivals(3);
  house.gate.open();
  for (Sent* sent : {&one, &other, &foreign}) EXPECT_EQ(sent->get().x_cache(), "MISS");
}

TEST(SingleFlight, WaitersAreBounded) {
  CacheOptions options;
  options.max_waiters = 3;
  LayerFixture house({.options = options});
  house.gate.close();
  std::vector<Sent> sent = send_many(house, 3);
  const Reply refused = house.ask();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_NE(refused.body.find("\"code\":\"unavailable\""), std::string::npos);
  house.gate.open();
  for (Sent& one : sent) EXPECT_EQ(one.get().status, 200);
}

TEST(SingleFlight, AFullPoolRefusesInsteadOfGrowing) {
  LayerFixture house({.workers = 1, .queued = 1});
  house.gate.close();
  Sent running = house.send({.body = "a"});
  house.gate.wait_for_arrivals(1);
  Sent queued = house.send({.body = "b"});
  const Reply refused = house.ask("c");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(refused.header("Content-Type"), "application/json");
  EXPECT_FALSE(refused.headers.contains("X-Cache"));
  house.gate.open();
  EXPECT_EQ(running.get().status, 200);
  EXPECT_EQ(queued.get().status, 200);
  EXPECT_EQ(house.ask("c").status, 200) << "the refused flight left nothing behind";
}

TEST(SingleFlight, HitsAreAnsweredWhileEveryWorkerIsBusy) {
  LayerFixture house({.workers = 1, .queued = 1});
  house.ask("known");
  house.gate.close();
  Sent running = house.send({.body = "a"});
  house.gate.wait_for_arrivals(2);
  Sent queued = house.send({.body = "b"});
  Sent hit = house.send({.body = "known"});
  EXPECT_TRUE(hit.is_answered());
  EXPECT_EQ(hit.get().x_cache(), "HIT");
  EXPECT_FALSE(running.is_answered());
  house.gate.open();
  running.get();
  queued.get();
}

TEST(SingleFlight, RefreshingRequestsShareAComputationAmongThemselves) {
  LayerFixture house;
  house.ask();
  house.gate.close();
  std::vector<Sent> sent;
  for (int i = 0; i < 8; ++i) {
    sent.push_back(house.send({.headers = {{"Cache-Control", "no-cache"}}}));
  }
  house.gate.wait_for_arrivals(2);
  EXPECT_EQ(house.ask().x_cache(), "HIT") << "the old answer is good for everybody else";
  house.gate.open();
  for (Sent& one : sent) {
    const Reply reply = one.get();
    EXPECT_EQ(reply.body, "answer 2 to question");
    EXPECT_EQ(reply.x_cache(), "BYPASS");
  }
  EXPECT_EQ(house.computed, 2);
}

TEST(SingleFlight, NoStoreRequestsShareNothing) {
  LayerFixture house;
  house.gate.close();
  std::vector<Sent> sent;
  for (int i = 0; i < 3; ++i) {
    sent.push_back(house.send({.headers = {{"Cache-Control", "no-store"}}}));
  }
  house.gate.wait_for_arrivals(3);
  house.gate.open();
  for (Sent& one : sent) EXPECT_EQ(one.get().x_cache(), "BYPASS");
}

TEST(SingleFlight, EveryWaiterHasItsOwnConditions) {
  LayerFixture house;
  const std::string tag = EntityTag::of("answer 1 to question").text();
  house.gate.close();
  Sent plain = house.send({});
  house.gate.wait_for_arrivals(1);
  Sent holder = house.send({.headers = {{"If-None-Match", tag}}});
  house.gate.open();
  EXPECT_EQ(plain.get().status, 200);
  EXPECT_EQ(holder.get().status, 304);
}

}  // namespace
}  // namespace liquid::cache
