// Many threads at once; what is proved here is proved again under ThreadSanitizer.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "cache/layer_fixture_test.h"
#include "cache/memory_store.h"

namespace liquid::cache {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 4;

template <typename Work>
void run_threads(Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&work, i] { work(std::mt19937(static_cast<unsigned>(i))); });
  }
  for (std::thread& thread : threads) thread.join();
}

class StoreThreadsTest : public testing::TestWithParam<EvictionPolicy> {};

TEST_P(StoreThreadsTest, KeepsItsBoundsAndItsScopes) {
  ManualClock clock;
  Counters counters;
  ClearLog clearings;
  MemoryStore store({.max_items = 2000, .max_bytes = 1'500'000, .policy = GetParam()}, counters,
                    clearings);
  const Digest version = sha256("v");
  const std::array<Digest, 2> epochs{sha256("1"), sha256("2")};
  std::atomic<int> wrong = 0;
  run_threads([&](std::mt19937 random) {
    for (int step = 0; step < 6000; ++step) {
      const std::string tenant = "tenant " + std::to_string(random() % 5);
      const std::string text = std::to_string(random() % 3000);
      const Key key({.tenant = tenant, .route = "/ask", .canonical = text}, {&hash64, 1});
      const Lookup found = store.find(key, {epochs[random() % 2], version}, clock.monotonic());
      if (found.freshness != Freshness::absent &&
          !found.answer.reply->body.starts_with(tenant + "|" + text + "|")) {
        ++wrong;
      }
      if (found.freshness == Freshness::outdated) {
        store.renew(key, *found.answer.reply, epochs[random() % 2]);
      }
      if (random() % 3 == 0) {
        NewEntry entry;
        entry.reply.body = tenant + "|" + text + "|" + std::string(random() % 2000, '.');
        entry.edition = {epochs[random() % 2], version};
        entry.document_ids = {std::to_string(random() % 50), std::to_string(random() % 50)};
        entry.created = clock.monotonic();
        entry.ttl = std::chrono::seconds(1 + random() % 100);
        store.insert(key, std::move(entry), clearings.mark());
      }
      if (random() % 500 == 0) {
        const ClearRequest request{.tenant = {}, .document_id = std::to_string(random() % 50)};
        clearings.record(request);
        store.clear(request);
      }
      if (random() % 100 == 0) {
        clock.advance(1s);
        store.sweep(clock.monotonic());
      }
      const MemoryStore::Totals totals = store.totals(clock.monotonic());
      if (totals.items > 2000 || totals.bytes > 1'500'000) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
  CacheStats stats;
  counters.write(stats);
  const EvictionCounts& gone = stats.evictions;
  EXPECT_EQ(stats.stored - store.totals(clock.monotonic()).items,
            gone.capacity_items + gone.capacity_bytes + gone.expired + gone.replaced +
                gone.cleared + gone.invalidated);
  store.clear({});
  EXPECT_EQ(store.totals(clock.monotonic()).bytes, 0U);
}

INSTANTIATE_TEST_SUITE_P(Policies, StoreThreadsTest,
                         testing::Values(EvictionPolicy::sieve, EvictionPolicy::lru));

TEST(CacheLayerThreads, ManyThreadsManyTenantsOneTruth) {
  LayerFixture house({.options = {.store = {.max_items = 30}}});
  std::atomic<int> wrong = 0;
  std::atomic<int> answered = 0;
  run_threads([&](std::mt19937 random) {
    for (int step = 0; step < 1500; ++step) {
      const std::string tenant = "tenant " + std::to_string(random() % 3);
      const std::string question = tenant + std::to_string(random() % 20);
      std::vector<http::HeaderField> headers;
      if (random() % 20 == 0) headers.push_back({"Cache-Control", "no-cache"});
      if (random() % 20 == 0) headers.push_back({"If-None-Match", "*"});
      if (random() % 100 == 0) house.index.move_to(std::to_string(random() % 3));
      if (random() % 200 == 0) house.cache->clear({.tenant = tenant});
      if (random() % 50 == 0) house.cache->sweep();
      const Reply reply = house.call({.body = question, .tenant = tenant, .headers = headers});
      std::string canonical = question;
      std::erase(canonical, ' ');
      ++answered;
      if (reply.status == 200 && !reply.body.ends_with(" to " + canonical)) ++wrong;
      if (reply.status != 200 && reply.status != 304) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
  const CacheStats stats = house.stats();
  EXPECT_EQ(stats.hits.total() + stats.misses + stats.bypasses,
            static_cast<std::uint64_t>(answered));
  EXPECT_LE(stats.total_items, 30U);
  EXPECT_EQ(stats.flights, 0U);
}

TEST(CacheLayerThreads, AStampedeComputesOnce) {
  LayerFixture house;
  for (int round = 0; round < 50; ++round) {
    const std::string question = "question " + std::to_string(round);
    run_threads([&](std::mt19937) {
      for (int i = 0; i < 4; ++i) EXPECT_EQ(house.ask(question).status, 200);
    });
    ASSERT_EQ(house.computed, round + 1);
  }
}

}  // namespace
}  // namespace liquid::cache
