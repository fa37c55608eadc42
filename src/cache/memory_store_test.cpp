#include "cache/memory_store.h"

#include <gtest/gtest.h>

#include <string>

namespace liquid::cache {
namespace {

using namespace std::chrono_literals;
using Insertion = MemoryStore::Insertion;

constexpr Monotonic kStart{1000s};

/// A store with short ways to put things in and ask for them.
class Shelf {
 public:
  explicit Shelf(StoreLimits limits = {}, KeyHash hash = &hash64)
      : store(limits, counters, clearings), hashing_{hash, 3} {}

  Key key(std::string_view canonical, std::string_view tenant = "public") const {
    return Key({.tenant = tenant, .route = "/ask", .canonical = canonical}, hashing_);
  }
  NewEntry entry(std::string body) const {
    NewEntry entry;
    entry.tag = EntityTag::of(body);
    entry.reply.body = std::move(body);
    entry.edition = {epoch, version};
    entry.evidence = evidence;
    entry.document_ids = documents;
    entry.created = now;
    entry.ttl = ttl;
    entry.cost = 1500us;
    return entry;
  }
  Insertion put(std::string_view canonical, std::string body = "answer") {
    return store.insert(key(canonical), entry(std::move(body)), clearings.mark()).insertion;
  }
  Lookup look(std::string_view canonical) {
    return store.find(key(canonical), {epoch, version}, now);
  }
  bool has(std::string_view canonical) { return look(canonical).freshness == Freshness::fresh; }
  CacheStats stats() const {
    CacheStats stats;
    counters.write(stats);
    return stats;
  }
  std::size_t clear(const ClearRequest& request) {
    clearings.record(request);
    return store.clear(request);
  }

  Digest epoch = sha256("epoch 1");
  Digest version = sha256("version 1");
  Digest evidence = sha256("evidence 1");
  std::vector<std::string> documents;
  Monotonic now = kStart;
  std::chrono::nanoseconds ttl = 300s;
  Counters counters;
  ClearLog clearings;
  MemoryStore store;

 private:
  Key::Hashing hashing_;
};

std::string numbered(int number) { return "question " + std::to_string(number); }

TEST(MemoryStore, GivesBackWhatWasStored) {
  Shelf shelf;
  ASSERT_EQ(shelf.put("a", "the answer"), Insertion::stored);
  shelf.now += 7s;
  const Lookup lookup = shelf.look("a");
  EXPECT_EQ(lookup.freshness, Freshness::fresh);
  EXPECT_EQ(lookup.answer.reply->body, "the answer");
  EXPECT_EQ(lookup.answer.tag, EntityTag::of("the answer"));
  EXPECT_EQ(lookup.answer.created, kStart);
  EXPECT_EQ(lookup.answer.expires, kStart + 300s);
  EXPECT_EQ(lookup.answer.cost, 1500us);
  EXPECT_EQ(lookup.evidence, shelf.evidence);
  EXPECT_EQ(shelf.look("b").freshness, Freshness::absent);
}

TEST(MemoryStore, AnEntryExpiresAtItsTime) {
  Shelf shelf;
  shelf.put("a");
  shelf.now += 300s - 1ns;
  EXPECT_TRUE(shelf.has("a"));
  shelf.now += 1ns;
  EXPECT_EQ(shelf.look("a").freshness, Freshness::expired);
}

TEST(MemoryStore, AnotherEpochAsksForValidation) {
  Shelf shelf;
  shelf.put("a");
  const Key key = shelf.key("a");
  EXPECT_EQ(shelf.store.find(key, {sha256("epoch 2"), shelf.version}, shelf.now).freshness,
            Freshness::outdated);
  EXPECT_EQ(shelf.store.find(key, {std::nullopt, shelf.version}, shelf.now).freshness,
            Freshness::outdated);
  EXPECT_EQ(shelf.store.find(key, {shelf.epoch, sha256("version 2")}, shelf.now).freshness,
            Freshness::other_version);
}

TEST(MemoryStore, ARenewedEntryIsFreshUnderTheNewEpochAndKeepsItsAge) {
  Shelf shelf;
  shelf.put("a");
  const Lookup before = shelf.look("a");
  shelf.epoch = sha256("epoch 2");
  EXPECT_TRUE(shelf.store.renew(shelf.key("a"), *before.answer.reply, shelf.epoch));
  const Lookup after = shelf.look("a");
  EXPECT_EQ(after.freshness, Freshness::fresh);
  EXPECT_EQ(after.answer.created, before.answer.created);
  EXPECT_EQ(after.answer.expires, before.answer.expires);
}

TEST(MemoryStore, RenewingOrInvalidatingASuccessorDoesNothing) {
  Shelf shelf;
  shelf.put("a", "old");
  const Lookup old = shelf.look("a");
  shelf.put("a", "new");
  EXPECT_FALSE(shelf.store.renew(shelf.key("a"), *old.answer.reply, sha256("epoch 2")));
  shelf.store.invalidate(shelf.key("a"), *old.answer.reply);
  EXPECT_EQ(shelf.look("a").answer.reply->body, "new");
  shelf.store.invalidate(shelf.key("a"), *shelf.look("a").answer.reply);
  EXPECT_EQ(shelf.look("a").freshness, Freshness::absent);
  EXPECT_EQ(shelf.stats().evictions.invalidated, 1U);
}

TEST(MemoryStore, HoldsExactlyItsNumberOfItems) {
  for (const std::size_t limit : {1U, 7U, 1000U, 5000U}) {
    Shelf shelf({.max_items = limit});
    const int offered = static_cast<int>(limit) * 2;
    for (int i = 0; i < offered; ++i) {
      shelf.put(numbered(i));
      ASSERT_LE(shelf.store.totals(shelf.now).items, limit);
      if (i + 1 == static_cast<int>(limit)) {
        ASSERT_EQ(shelf.store.totals(shelf.now).items, limit) << "nothing goes before it is full";
      }
    }
    EXPECT_EQ(shelf.store.totals(shelf.now).items, limit);
    EXPECT_EQ(shelf.stats().evictions.capacity_items, limit);
  }
}

TEST(MemoryStore, NeverExceedsItsBytes) {
  Shelf shelf({.max_bytes = 100'000});
  for (int i = 0; i < 200; ++i) {
    shelf.put(numbered(i), std::string(3000, 'x'));
    ASSERT_LE(shelf.store.totals(shelf.now).bytes, 100'000U);
  }
  EXPECT_GT(shelf.store.totals(shelf.now).bytes, 95'000U);
  EXPECT_EQ(shelf.stats().evictions.capacity_bytes + shelf.store.totals(shelf.now).items, 200U);
}

TEST(MemoryStore, AnEntryAboveAnEighthOfTheBytesIsNotStored) {
  Shelf shelf({.max_bytes = 80'000});
  EXPECT_EQ(shelf.put("big", std::string(10'000, 'x')), Insertion::too_large);
  EXPECT_EQ(shelf.put("fits", std::string(9'000, 'x')), Insertion::stored);
  EXPECT_EQ(shelf.look("big").freshness, Freshness::absent);
  EXPECT_EQ(shelf.stats().rejected_too_large, 1U);
}

TEST(MemoryStore, AReplacedEntryEvictsNoOther) {
  for (const auto policy : {EvictionPolicy::sieve, EvictionPolicy::lru}) {
    Shelf shelf({.max_items = 3, .policy = policy});
    for (const char* name : {"a", "b", "c"}) shelf.put(name);
    for (int i = 0; i < 10; ++i) shelf.put("a", "answer " + std::to_string(i));
    EXPECT_TRUE(shelf.has("b"));
    EXPECT_TRUE(shelf.has("c"));
    EXPECT_EQ(shelf.look("a").answer.reply->body, "answer 9");
    EXPECT_EQ(shelf.stats().evictions.replaced, 10U);
    EXPECT_EQ(shelf.stats().evictions.capacity_items, 0U);
    EXPECT_EQ(shelf.store.totals(shelf.now).items, 3U);
  }
}

TEST(MemoryStore, AGrowingReplacementMakesRoomAmongTheOthers) {
  Shelf shelf({.max_items = 100, .max_bytes = 76'000});
  for (int i = 0; i < 30; ++i) shelf.put(numbered(i), std::string(2000, 'x'));
  const std::size_t before = shelf.store.totals(shelf.now).items;
  for (int i = 0; i < 40; ++i) shelf.put(numbered(29), std::string(9000, 'x'));
  EXPECT_TRUE(shelf.has(numbered(29)));
  EXPECT_LT(shelf.store.totals(shelf.now).items, before);
  EXPECT_LE(shelf.store.totals(shelf.now).bytes, 76'000U);
}

TEST(MemoryStore, ExpiredEntriesGiveTheirMemoryBackOnASweep) {
  Shelf shelf;
  shelf.ttl = 1s;
  for (int i = 0; i < 500; ++i) shelf.put(numbered(i), std::string(1000, 'x'));
  shelf.ttl = 300s;
  shelf.put("stays");
  shelf.now += 2s;
  EXPECT_EQ(shelf.store.totals(shelf.now).expired, 500U);
  EXPECT_EQ(shelf.store.sweep(shelf.now), 500U);
  EXPECT_EQ(shelf.store.totals(shelf.now).items, 1U);
  EXPECT_LT(shelf.store.totals(shelf.now).bytes, 1000U);
  EXPECT_EQ(shelf.stats().evictions.expired, 500U);
  EXPECT_TRUE(shelf.has("stays"));
}

TEST(MemoryStore, AnAnswerBeingSentOutlivesItsEntry) {
  Shelf shelf;
  shelf.put("a", std::string(100, 'x'));
  const StoredAnswer held = shelf.look("a").answer;
  shelf.clear({});
  EXPECT_EQ(held.reply->body, std::string(100, 'x'));
}

TEST(MemoryStore, ClearsByTenantRouteAndDocument) {
  Shelf shelf;
  const auto put = [&](std::string_view tenant, std::vector<std::string> documents) {
    shelf.documents = std::move(documents);
    shelf.store.insert(shelf.key("q", tenant), shelf.entry("answer"), shelf.clearings.mark());
  };
  put("a", {"x", "y"});
  put("b", {"y"});
  put("c", {"z"});
  EXPECT_EQ(shelf.clear({.tenant = "a", .document_id = "z"}), 0U);
  EXPECT_EQ(shelf.clear({.route = "/search"}), 0U);
  EXPECT_EQ(shelf.clear({.document_id = "y"}), 2U);
  EXPECT_EQ(shelf.clear({.tenant = "nobody"}), 0U);
  EXPECT_EQ(shelf.clear({.tenant = "c", .route = "/ask"}), 1U);
  EXPECT_EQ(shelf.stats().evictions.cleared, 3U);
  EXPECT_EQ(shelf.store.totals(shelf.now).bytes, 0U);
}

TEST(MemoryStore, AnAnswerBegunBeforeAClearingIsNotStoredAfterIt) {
  Shelf shelf;
  shelf.documents = {"x"};
  const std::uint64_t mark = shelf.clearings.mark();
  shelf.clear({.document_id = "other"});
  EXPECT_EQ(shelf.store.insert(shelf.key("a"), shelf.entry("1"), mark).insertion,
            Insertion::stored);
  shelf.clear({.document_id = "x"});
  const auto refused = shelf.store.insert(shelf.key("a"), shelf.entry("2"), mark);
  EXPECT_EQ(refused.insertion, Insertion::cleared);
  EXPECT_EQ(refused.answer.reply->body, "2") << "it can still be sent";
  EXPECT_EQ(shelf.look("a").freshness, Freshness::absent);
  EXPECT_EQ(shelf.put("a"), Insertion::stored);
}

TEST(MemoryStore, ADocumentNamedTwiceIsChargedOnce) {
  Shelf shelf;
  shelf.documents = {"x", "y", "x"};
  shelf.put("a");
  EXPECT_EQ(shelf.clear({.document_id = "x"}), 1U);
  EXPECT_EQ(shelf.store.totals(shelf.now).bytes, 0U);
}

TEST(MemoryStore, ACollisionOfHashesCrossesNoScope) {
  Shelf shelf({}, [](std::string_view, std::uint64_t) -> std::uint64_t { return 42; });
  shelf.store.insert(shelf.key("q", "alice"), shelf.entry("for alice"), 0);
  EXPECT_EQ(
      shelf.store.find(shelf.key("q", "bob"), {shelf.epoch, shelf.version}, shelf.now).freshness,
      Freshness::absent);
  shelf.store.insert(shelf.key("q", "bob"), shelf.entry("for bob"), 0);
  const auto body = [&](std::string_view tenant) {
    return shelf.store.find(shelf.key("q", tenant), {shelf.epoch, shelf.version}, shelf.now)
        .answer.reply->body;
  };
  EXPECT_EQ(body("alice"), "for alice");
  EXPECT_EQ(body("bob"), "for bob");
}

TEST(MemoryStore, ManyCollidingKeysStillFindTheirShards) {
  Shelf shelf({.max_items = 5000}, [](std::string_view, std::uint64_t) { return UINT64_MAX; });
  ASSERT_GT(shelf.store.shards(), 1U);
  for (int i = 0; i < 100; ++i) shelf.put(numbered(i), numbered(i));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(shelf.look(numbered(i)).answer.reply->body, numbered(i));
}

TEST(MemoryStore, AnEmptyShardOfAFullStoreMakesRoomInAnother) {
  // The first half of the keys fills one shard with everything there may be.
  static bool low = true;
  low = true;
  Shelf shelf({.max_items = 1024}, [](std::string_view bytes, std::uint64_t seed) -> std::uint64_t {
    return low ? hash64(bytes, seed) >> 1 : hash64(bytes, seed) | (1ULL << 63);
  });
  ASSERT_EQ(shelf.store.shards(), 2U);
  for (int i = 0; i < 1024; ++i) shelf.put(numbered(i));
  low = false;
  EXPECT_EQ(shelf.put("newcomer"), Insertion::stored);
  EXPECT_TRUE(shelf.has("newcomer"));
  EXPECT_EQ(shelf.store.totals(shelf.now).items, 1024U);
}

TEST(MemoryStore, SmallStoresHaveOneShardAndLargeOnesMore) {
  EXPECT_EQ(Shelf({.max_items = 1}).store.shards(), 1U);
  EXPECT_EQ(Shelf({.max_items = 1000}).store.shards(), 1U);
  EXPECT_EQ(Shelf({.max_items = 10'000}).store.shards(), 16U);
}

TEST(MemoryStore, HitsDecideWhoStays) {
  for (const auto policy : {EvictionPolicy::sieve, EvictionPolicy::lru}) {
    Shelf shelf({.max_items = 3, .policy = policy});
    for (const char* name : {"a", "b", "c"}) shelf.put(name);
    EXPECT_TRUE(shelf.has("a"));
    shelf.put("d");
    EXPECT_TRUE(shelf.has("a"));
    EXPECT_FALSE(shelf.has("b"));
  }
}

}  // namespace
}  // namespace liquid::cache
