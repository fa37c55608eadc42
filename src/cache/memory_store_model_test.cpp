// The store against a model so simple that it is obviously right, over random operations.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <tuple>

#include "cache/memory_store.h"

namespace liquid::cache {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 4> kTenants{"public", "acme", "acme2", ""};
constexpr std::array<std::string_view, 3> kRoutes{"/ask", "/ask/simple", "/search"};

struct Expected {
  std::string body;
  Monotonic expires;
  Digest epoch;
  std::vector<std::string> documents;
};

/// What every entry says about itself, so that a leak shows in the body.
std::string body_for(const Key& key, int serial) {
  std::string body = std::to_string(serial);
  return body.append("|")
      .append(key.tenant())
      .append("|")
      .append(key.route())
      .append("|")
      .append(key.canonical());
}

class StoreModelTest : public testing::TestWithParam<std::tuple<EvictionPolicy, KeyHash>> {
 protected:
  StoreModelTest()
      : store_({.max_items = 60, .max_bytes = 200'000, .policy = std::get<0>(GetParam())},
               counters_, clearings_) {}

  std::size_t pick(std::size_t count) { return random_() % count; }
  std::string document() { return "document " + std::to_string(pick(12)); }
  Key random_key() {
    return Key({.tenant = kTenants[pick(kTenants.size())],
                .route = kRoutes[pick(kRoutes.size())],
                .canonical = std::to_string(pick(12))},
               {std::get<1>(GetParam()), 9});
  }

  void insert();
  void look_up();
  void renew();
  void clear();
  void sweep();
  void check_bounds();

  std::mt19937 random_{20};
  Counters counters_;
  ClearLog clearings_;
  MemoryStore store_;
  Monotonic now_{100h};
  std::array<Digest, 3> epochs_{sha256("1"), sha256("2"), sha256("3")};
  Digest version_ = sha256("v");
  std::map<std::string, Expected, std::less<>>
      model_;  // by key bytes; holds at least what is stored
  int serial_ = 0;
};

void StoreModelTest::insert() {
  const Key key = random_key();
  NewEntry entry;
  entry.reply.body = body_for(key, ++serial_) + std::string(pick(6000), '.');
  entry.edition = {epochs_[pick(epochs_.size())], version_};
  entry.created = now_;
  entry.ttl = pick(2) == 0 ? 10s : 60s;
  for (std::size_t i = pick(4); i > 0; --i) entry.document_ids.push_back(document());
  model_[std::string(key.bytes())] = {entry.reply.body, now_ + entry.ttl, entry.edition.epoch,
                                      entry.document_ids};
  ASSERT_EQ(store_.insert(key, std::move(entry), clearings_.mark()).insertion,
            MemoryStore::Insertion::stored);
  const Lookup found = store_.find(key, {std::nullopt, version_}, now_);
  ASSERT_EQ(found.freshness, Freshness::outdated) << "what was just stored is there";
}

void StoreModelTest::look_up() {
  const Key key = random_key();
  const Digest epoch = epochs_[pick(epochs_.size())];
  const Lookup found = store_.find(key, {epoch, version_}, now_);
  if (found.freshness == Freshness::absent) return;  // evicted, or never there
  const auto expected = model_.find(key.bytes());
  ASSERT_NE(expected, model_.end()) << "an entry that nobody put there";
  ASSERT_EQ(found.answer.reply->body, expected->second.body);
  const bool expired = expected->second.expires <= now_;
  ASSERT_EQ(found.freshness, expired                           ? Freshness::expired
                             : expected->second.epoch == epoch ? Freshness::fresh
                                                               : Freshness::outdated);
}

void StoreModelTest::renew() {
  const Key key = random_key();
  const Lookup found = store_.find(key, {std::nullopt, version_}, now_);
  if (found.freshness != Freshness::outdated) return;
  const Digest epoch = epochs_[pick(epochs_.size())];
  ASSERT_TRUE(store_.renew(key, *found.answer.reply, epoch));
  model_[std::string(key.bytes())].epoch = epoch;
}

void StoreModelTest::clear() {
  ClearRequest request;
  if (pick(2) == 0) request.document_id = document();
  if (pick(2) == 0) request.tenant = kTenants[pick(kTenants.size())];
  if (!request.document_id || pick(2) == 0) request.route = kRoutes[pick(kRoutes.size())];
  clearings_.record(request);
  store_.clear(request);
  std::erase_if(model_, [&](const auto& known) {
    // Wire form: length tenant length route canonical.
    const std::string_view bytes = known.first;
    const auto text = [&](std::size_t at) {
      std::uint32_t length = 0;
      std::memcpy(&length, bytes.data() + at, sizeof(length));
      return bytes.substr(at + sizeof(length), length);
    };
    const std::string_view tenant = text(0);
    const std::string_view route = text(sizeof(std::uint32_t) + tenant.size());
    const auto& ids = known.second.documents;
    return (!request.tenant || *request.tenant == tenant) &&
           (!request.route || *request.route == route) &&
           (!request.document_id ||
            std::find(ids.begin(), ids.end(), *request.document_id) != ids.end());
  });
}

void StoreModelTest::sweep() {
  now_ += std::chrono::milliseconds(pick(5000));
  store_.sweep(now_);
  std::erase_if(model_, [&](const auto& known) { return known.second.expires <= now_; });
  ASSERT_EQ(store_.totals(now_).expired, 0U);
}

void StoreModelTest::check_bounds() {
  const MemoryStore::Totals totals = store_.totals(now_);
  ASSERT_LE(totals.items, 60U);
  ASSERT_LE(totals.bytes, 200'000U);
  ASSERT_LE(totals.items, model_.size());
}

TEST_P(StoreModelTest, AgreesWithTheModel) {
  for (int step = 0; step < 20'000 && !HasFatalFailure(); ++step) {
    const std::size_t dice = pick(100);
    if (dice < 40) {
      insert();
    } else if (dice < 85) {
      look_up();
    } else if (dice < 95) {
      renew();
    } else if (dice < 98) {
      sweep();
    } else {
      clear();
    }
    check_bounds();
  }
  CacheStats stats;
  counters_.write(stats);
  const EvictionCounts& gone = stats.evictions;
  EXPECT_EQ(stats.stored - store_.totals(now_).items, gone.capacity_items + gone.capacity_bytes +
                                                          gone.expired + gone.replaced +
                                                          gone.cleared + gone.invalidated)
      << "every entry that left was counted once";
  EXPECT_GT(gone.capacity_items, 0U);
  EXPECT_GT(gone.capacity_bytes, 0U);
  EXPECT_GT(gone.cleared, 0U);
}

std::uint64_t constant_hash(std::string_view, std::uint64_t) { return 77; }

INSTANTIATE_TEST_SUITE_P(Policies, StoreModelTest,
                         testing::Combine(testing::Values(EvictionPolicy::sieve,
                                                          EvictionPolicy::lru),
                                          testing::Values(&hash64, &constant_hash)));

}  // namespace
}  // namespace liquid::cache
