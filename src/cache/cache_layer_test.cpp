#include "cache/cache_layer.h"

#include <gtest/gtest.h>

#include "cache/entity_tag.h"
#include "cache/layer_fixture_test.h"

namespace liquid::cache {
namespace {

using namespace std::chrono_literals;
using http::CacheOutcome;

TEST(CacheLayer, AnswersTheSecondTimeFromTheStore) {
  LayerFixture house;
  const Reply first = house.ask();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "answer 1 to question");
  EXPECT_EQ(first.x_cache(), "MISS");
  EXPECT_EQ(first.header("Cache-Status"), "liquid; fwd=uri-miss; stored");
  EXPECT_FALSE(first.headers.contains("Age"));
  EXPECT_FALSE(first.headers.contains("X-Cache-Age"));
  EXPECT_EQ(first.outcome, CacheOutcome::miss);

  house.clock.advance(12s);
  const Reply second = house.ask();
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.x_cache(), "HIT");
  EXPECT_EQ(second.header("X-Cache-Age"), "12");
  EXPECT_EQ(second.header("Age"), "12");
  EXPECT_EQ(second.header("Cache-Status"), "liquid; hit; ttl=288");
  EXPECT_EQ(second.outcome, CacheOutcome::hit);
  EXPECT_EQ(house.computed, 1);
}

TEST(CacheLayer, SendsTheSameContentHeadersEveryTime) {
  LayerFixture house;
  for (int i = 0; i < 2; ++i) {
    const Reply reply = house.ask();
    EXPECT_EQ(reply.header("Content-Type"), "application/json");
    EXPECT_EQ(reply.header("ETag"), EntityTag::of("answer 1 to question").text());
    EXPECT_EQ(reply.header("Cache-Control"), "private, no-cache");
    EXPECT_FALSE(reply.headers.contains("Set-Cookie")) << "one request's headers are not content";
  }
}

TEST(CacheLayer, LetsOtherPathsPassAndOtherMethodsNot) {
  LayerFixture house;
  EXPECT_EQ(house.call({.path = "/health"}).status, 0);
  EXPECT_EQ(house.call({.path = "/ask/"}).status, 0);
  for (const auto method : {http::Method::get, http::Method::head, http::Method::put,
                            http::Method::del, http::Method::options}) {
    const Reply reply = house.call({.method = method});
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(reply.header("Allow"), "POST");
    EXPECT_EQ(reply.header("Content-Type"), "application/json");
    EXPECT_FALSE(reply.headers.contains("X-Cache"));
  }
  EXPECT_EQ(house.computed, 0);
}

TEST(CacheLayer, EqualQuestionsShareAnAnswerHoweverTheyAreSpelled) {
  LayerFixture house;
  house.ask("why not");
  EXPECT_EQ(house.ask("whynot").x_cache(), "HIT");
  EXPECT_EQ(house.ask(" why  not ").x_cache(), "HIT");
  EXPECT_EQ(house.ask("why ever not").x_cache(), "MISS");
}

TEST(CacheLayer, ReadsTheSameBytesOnlyUntilTheyHit) {
  LayerFixture house;
  house.ask();
  house.ask();
  const int before = house.canonicalized;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(house.ask().x_cache(), "HIT");
  EXPECT_EQ(house.canonicalized, before);
}

TEST(CacheLayer, ARequestThatDiffersInMoreThanItsBodyIsRead) {
  LayerFixture house;
  for (int i = 0; i < 3; ++i) house.ask();
  const int before = house.canonicalized;
  house.ask_with("Content-Type", "text/plain");
  house.ask_with("Content-Encoding", "gzip");
  EXPECT_EQ(house.canonicalized, before + 2);
}

TEST(CacheLayer, TenantsAndRoutesShareNothing) {
  LayerFixture house;
  EXPECT_EQ(house.call({.tenant = "a"}).x_cache(), "MISS");
  EXPECT_EQ(house.call({.tenant = "b"}).x_cache(), "MISS");
  EXPECT_EQ(house.call({.tenant = "public"}).x_cache(), "MISS");
  EXPECT_EQ(house.call({.tenant = "a", .path = "/search"}).x_cache(), "MISS");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(house.call({.tenant = "a"}).body, "answer 1 to question");
    EXPECT_EQ(house.call({.tenant = "b"}).body, "answer 2 to question");
  }
}

TEST(CacheLayer, ACollisionOfHashesCrossesNoTenant) {
  LayerFixture house(
      {.options = {.hash = [](std::string_view, std::uint64_t) -> std::uint64_t { return 1; }}});
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(house.call({.tenant = "a"}).body, "answer 1 to question");
    EXPECT_EQ(house.call({.tenant = "b"}).body, "answer 2 to question");
  }
}

TEST(CacheLayer, SendsARefusalOfTheRequestAtOnce) {
  LayerFixture house;
  const Reply reply = house.ask("bad");
  EXPECT_EQ(reply.status, 422);
  EXPECT_FALSE(reply.headers.contains("X-Cache"));
  EXPECT_EQ(reply.outcome, CacheOutcome::none);
}

TEST(CacheLayer, StoresNoError) {
  LayerFixture house;
  house.status = 500;
  const Reply error = house.ask();
  EXPECT_EQ(error.status, 500);
  EXPECT_EQ(error.body, "answer 1 to question");
  EXPECT_FALSE(error.headers.contains("X-Cache"));
  EXPECT_FALSE(error.headers.contains("ETag"));
  EXPECT_EQ(error.header("Cache-Status"), "liquid; fwd=uri-miss");
  EXPECT_EQ(error.outcome, CacheOutcome::none);
  house.status = 200;
  EXPECT_EQ(house.ask().x_cache(), "MISS");
}

TEST(CacheLayer, StoresNoPartOfAnAnswer) {
  LayerFixture house;
  house.status = 206;
  EXPECT_EQ(house.ask().header("Cache-Status"), "liquid; fwd=uri-miss");
  EXPECT_EQ(house.ask().x_cache(), "MISS");
}

TEST(CacheLayer, StoresNothingWithoutProvenance) {
  LayerFixture house;
  CachedRoute route{.path = "/plain",
                    .canonicalize = [](const http::Request&) { return std::string("x"); },
                    .compute =
                        [](const std::string&) {
                          return Computed{.response = http::json_response(200, "{}"),
                                          .provenance = {}};
                        },
                    .current_evidence = {}};
  house.layer = std::make_unique<CacheLayer>(*house.cache, std::vector<CachedRoute>{route},
                                             house.index, *house.pool);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(house.call({.path = "/plain"}).x_cache(), "MISS");
  }
  EXPECT_EQ(house.stats().stored, 0U);
}

TEST(CacheLayer, AnAnswerLivesAsLongAsItsRouteSays) {
  CacheOptions options;
  options.routes["/search"] = {.ttl = 10s};
  LayerFixture house({.options = options});
  house.ask();
  house.call({.path = "/search"});
  house.clock.advance(10s);
  EXPECT_EQ(house.ask().x_cache(), "HIT");
  const Reply again = house.call({.path = "/search"});
  EXPECT_EQ(again.x_cache(), "MISS");
  EXPECT_EQ(again.header("Cache-Status"), "liquid; fwd=stale; stored");
  house.clock.advance(291s);
  EXPECT_EQ(house.ask().x_cache(), "MISS");
}

TEST(CacheLayer, ARouteMayHaveAStoreOfItsOwn) {
  CacheOptions options;
  options.routes["/search"] = {.store = StoreLimits{.max_items = 1}};
  LayerFixture house({.options = options});
  for (const char* body : {"a", "b"}) {
    house.ask(body);
    house.call({.body = body, .path = "/search"});
  }
  EXPECT_EQ(house.ask("a").x_cache(), "HIT");
  EXPECT_EQ(house.call({.body = "a", .path = "/search"}).x_cache(), "MISS");
  EXPECT_EQ(house.stats().max_size, 1001U);
  EXPECT_EQ(house.stats().total_items, 3U);
}

TEST(CacheLayer, WithoutCachingEveryAnswerIsComputed) {
  CacheOptions options;
  options.caching = Caching::off;
  LayerFixture house({.options = options});
  for (int i = 1; i <= 2; ++i) {
    const Reply reply = house.ask();
    EXPECT_EQ(reply.body, "answer " + std::to_string(i) + " to question");
    EXPECT_EQ(reply.x_cache(), "BYPASS");
    EXPECT_EQ(reply.header("Cache-Status"), "liquid; fwd=bypass");
    EXPECT_EQ(reply.outcome, CacheOutcome::bypass);
  }
  EXPECT_EQ(house.stats().stored, 0U);
}

TEST(CacheLayer, CachingCanBeOffForOneRoute) {
  CacheOptions options;
  options.routes["/search"] = {.caching = Caching::off};
  LayerFixture house({.options = options});
  house.ask();
  EXPECT_EQ(house.ask().x_cache(), "HIT");
  house.call({.path = "/search"});
  EXPECT_EQ(house.call({.path = "/search"}).x_cache(), "BYPASS");
}

TEST(CacheLayer, NoCacheComputesAnewAndStores) {
  LayerFixture house;
  house.ask();
  const Reply renewed = house.ask_with("Cache-Control", "no-cache");
  EXPECT_EQ(renewed.body, "answer 2 to question");
  EXPECT_EQ(renewed.x_cache(), "BYPASS");
  EXPECT_EQ(renewed.header("Cache-Status"), "liquid; fwd=request; stored");
  EXPECT_EQ(house.ask().body, "answer 2 to question");
  EXPECT_EQ(house.ask_with("Pragma", "no-cache").body, "answer 3 to question");
}

TEST(CacheLayer, NoStoreNeitherLooksNorStores) {
  LayerFixture house;
  EXPECT_EQ(house.ask_with("Cache-Control", "no-store").x_cache(), "BYPASS");
  EXPECT_EQ(house.ask().x_cache(), "MISS");
  const Reply alone = house.ask_with("Cache-Control", "no-store");
  EXPECT_EQ(alone.body, "answer 3 to question");
  EXPECT_EQ(alone.header("Cache-Status"), "liquid; fwd=request");
  EXPECT_EQ(house.ask().body, "answer 2 to question");
}

TEST(CacheLayer, MaxAgeComputesOlderAnswersAnew) {
  LayerFixture house;
  house.ask();
  house.clock.advance(30s);
  EXPECT_EQ(house.ask_with("Cache-Control", "max-age=30").x_cache(), "HIT");
  const Reply renewed = house.ask_with("Cache-Control", "max-age=29");
  EXPECT_EQ(renewed.x_cache(), "MISS");
  EXPECT_EQ(renewed.header("Cache-Status"), "liquid; fwd=request; stored");
  EXPECT_EQ(house.ask().body, renewed.body);
  EXPECT_EQ(house.ask_with("Cache-Control", "max-age=x").x_cache(), "HIT");
}

TEST(CacheLayer, OnlyIfCachedNeverComputes) {
  LayerFixture house;
  const Reply nothing = house.ask_with("Cache-Control", "only-if-cached");
  EXPECT_EQ(nothing.status, 504);
  EXPECT_EQ(nothing.header("Content-Type"), "application/json");
  EXPECT_FALSE(nothing.headers.contains("X-Cache"));
  house.ask();
  EXPECT_EQ(house.ask_with("Cache-Control", "only-if-cached").x_cache(), "HIT");
  house.clock.advance(9s);
  EXPECT_EQ(house.ask_with("Cache-Control", "only-if-cached, max-age=8").status, 504);
  EXPECT_EQ(house.ask_with("Cache-Control", "only-if-cached, no-cache").status, 504);
  EXPECT_EQ(house.computed, 1);
  EXPECT_EQ(house.stats().failures, 3U);
}

TEST(CacheLayer, AnAnswerTheClientHoldsIsNotSentAgain) {
  LayerFixture house;
  const std::string tag = house.ask().header("ETag");
  house.clock.advance(5s);
  for (const std::string& listed : {tag, "\"other\", W/" + tag, std::string("*")}) {
    const Reply reply = house.ask_with("If-None-Match", listed);
    EXPECT_EQ(reply.status, 304) << listed;
    EXPECT_EQ(reply.body, "");
    EXPECT_EQ(reply.header("ETag"), tag);
    EXPECT_EQ(reply.x_cache(), "HIT");
    EXPECT_EQ(reply.header("Age"), "5");
    EXPECT_FALSE(reply.headers.contains("Content-Type"));
    EXPECT_EQ(reply.outcome, CacheOutcome::hit);
  }
  EXPECT_EQ(house.ask_with("If-None-Match", "\"other\"").status, 200);
  EXPECT_EQ(house.stats().hits.not_modified, 3U);
}

TEST(CacheLayer, AComputedAnswerThatTheClientHoldsIsNotSentEither) {
  LayerFixture house;
  const std::string tag = EntityTag::of("answer 1 to question").text();
  const Reply reply = house.ask_with("If-None-Match", tag);
  EXPECT_EQ(reply.status, 304);
  EXPECT_EQ(reply.x_cache(), "MISS");
  EXPECT_EQ(house.ask_with("If-None-Match", "*", "another").status, 200);
}

TEST(CacheLayer, CountsEveryAnswerOnce) {
  LayerFixture house;
  house.ask();
  house.ask();
  house.ask_with("If-None-Match", "*");
  house.ask_with("Cache-Control", "no-cache");
  house.ask_with("Cache-Control", "no-store");
  house.status = 500;
  house.ask("other");
  house.ask("bad");
  const CacheStats stats = house.stats();
  EXPECT_EQ(stats.misses, 1U);
  EXPECT_EQ(stats.hits.fresh, 1U);
  EXPECT_EQ(stats.hits.not_modified, 1U);
  EXPECT_EQ(stats.hits.total(), 2U);
  EXPECT_EQ(stats.bypasses, 2U);
  EXPECT_EQ(stats.failures, 1U);
  EXPECT_EQ(stats.stored, 2U);
  EXPECT_EQ(stats.evictions.replaced, 1U);
  EXPECT_NEAR(stats.seconds_saved, 0.004, 1e-9) << "two hits on an answer that took 2 ms";
}

TEST(CacheLayer, StatsTellWhatIsThere) {
  LayerFixture house({.options = {.store = {.max_items = 4}}});
  house.ask("a");
  house.clock.advance(200s);
  house.ask("b");
  house.clock.advance(150s);
  const CacheStats stats = house.stats();
  EXPECT_EQ(stats.total_items, 2U);
  EXPECT_EQ(stats.valid_items, 1U);
  EXPECT_EQ(stats.expired_items, 1U);
  EXPECT_EQ(stats.max_size, 4U);
  EXPECT_DOUBLE_EQ(stats.utilization, 50.0);
  EXPECT_DOUBLE_EQ(stats.ttl_seconds(), 300.0);
  EXPECT_GT(stats.bytes, 0U);
  EXPECT_EQ(stats.max_bytes, 64U * 1024 * 1024);
  EXPECT_EQ(house.cache->sweep(), 1U);
  EXPECT_EQ(house.stats().total_items, 1U);
}

}  // namespace
}  // namespace liquid::cache
