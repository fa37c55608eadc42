#include "cache/memory_store.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "cache/entry_table.h"

namespace liquid::cache {
namespace {

// Fewer entries per shard than this, and evicting within one shard begins to cost hits.
constexpr std::size_t kItemsPerShard = 512;
constexpr std::size_t kMostShards = 16;
// An answer above this part of the byte budget would push out too much for its own sake.
constexpr std::size_t kLargestShare = 8;
// How long one sweep keeps a shard locked: about 20 µs.
constexpr std::size_t kSweepBatch = 128;
// More buckets than this are not set up in advance, they come with the entries.
constexpr std::size_t kMostReserved = std::size_t{1} << 20;

std::size_t shard_count(const StoreLimits& limits) {
  return std::clamp(std::bit_floor(limits.max_items / kItemsPerShard), std::size_t{1}, kMostShards);
}

StoredAnswer answer_of(std::shared_ptr<Item> owner) {
  const Item& item = *owner;
  return {.reply = {std::move(owner), &item.reply},
          .tag = item.tag,
          .created = item.created,
          .expires = item.expires,
          .cost = std::chrono::microseconds(item.cost_us)};
}

Freshness judge(const Item& item, const Edition& made, const WantedEdition& wanted, Monotonic now) {
  if (item.expires <= now) return Freshness::expired;
  if (made.version != wanted.version) return Freshness::other_version;
  return wanted.epoch && *wanted.epoch == made.epoch ? Freshness::fresh : Freshness::outdated;
}

Lookup look_up(EntryTable& entries, const Key& key, const WantedEdition& wanted, Monotonic now) {
  std::shared_ptr<Item> item = entries.share(key);
  if (!item) return {};
  const Freshness freshness = judge(*item, entries.edition(*item), wanted, now);
  if (freshness == Freshness::fresh || freshness == Freshness::outdated) entries.touch(*item);
  const Digest& evidence = item->evidence;
  return {.freshness = freshness, .answer = answer_of(std::move(item)), .evidence = evidence};
}

std::size_t documents_of(const Item& item) { return item.links ? item.links->size() : 0; }

Amount amount_of(const Item& item) {
  return {.items = 1, .bytes = charged_bytes(item, documents_of(item))};
}

/// An entry is charged for its documents twice, on its way in and out: both must count the same.
std::vector<std::string> without_repeats(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

bool fits(const ClearRequest& request, const Key& key) {
  if (request.tenant && *request.tenant != key.tenant()) return false;
  return !request.route || *request.route == key.route();
}

}  // namespace

// Cache line of its own, so that two shards' locks do not fight over one.
struct alignas(64) MemoryStore::Shard {
  Shard(EvictionPolicy policy, std::size_t expected_items) : entries(policy, expected_items) {}

  mutable std::shared_mutex mutex;
  EntryTable entries;  // guarded by mutex
};

MemoryStore::MemoryStore(const StoreLimits& limits, Counters& counters, const ClearLog& clearings)
    : limits_(limits),
      counters_(counters),
      clearings_(clearings),
      budget_({.items = limits.max_items, .bytes = limits.max_bytes}),
      shard_shift_(64 - std::countr_zero(shard_count(limits))) {
  const std::size_t count = shard_count(limits);
  const std::size_t expected = std::min(limits.max_items, kMostReserved) / count;
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(limits.policy, expected));
  }
}

MemoryStore::~MemoryStore() = default;

MemoryStore::Shard& MemoryStore::shard_of(const Key& key) const {
  // Shifting by all 64 bits is undefined, and one shard needs no bits.
  return *shards_[shard_shift_ == 64 ? 0 : key.hash() >> shard_shift_];
}

Lookup MemoryStore::find(const Key& key, const WantedEdition& wanted, Monotonic now) {
  Shard& shard = shard_of(key);
  switch (shard.entries.touch_lock()) {
    case EvictionOrder::TouchLock::shared: {
      const std::shared_lock lock(shard.mutex);
      return look_up(shard.entries, key, wanted, now);
    }
    case EvictionOrder::TouchLock::exclusive: {
      const std::unique_lock lock(shard.mutex);
      return look_up(shard.entries, key, wanted, now);
    }
  }
  return {};
}

MemoryStore::Inserted MemoryStore::insert(const Key& key, NewEntry entry, std::uint64_t mark) {
  const Edition edition = entry.edition;
  const std::vector<std::string> documents = without_repeats(std::move(entry.document_ids));
  const auto item = std::make_shared<Item>(key, std::move(entry));
  Inserted inserted{.insertion = Insertion::stored, .answer = answer_of(item)};
  const std::size_t charge = charged_bytes(*item, documents.size());
  if (charge > limits_.max_bytes / kLargestShare) {
    counters_.count_rejected_too_large();
    inserted.insertion = Insertion::too_large;
    return inserted;
  }
  Shard& shard = shard_of(key);
  Graveyard graveyard;
  for (;;) {
    {
      const std::unique_lock lock(shard.mutex);
      // Under the lock: a clearing is recorded before it comes to this shard.
      if (clearings_.cleared_since(mark, {key.tenant(), key.route(), documents})) {
        inserted.insertion = Insertion::cleared;
        return inserted;
      }
      if (make_room(shard, key, charge, graveyard)) {
        shard.entries.link(item, edition, documents);
        break;
      }
    }
    evict_elsewhere(shard);
  }
  counters_.count_stored();
  return inserted;
}

bool MemoryStore::make_room(Shard& shard, const Key& key, std::size_t charge,
                            Graveyard& graveyard) {
  Item* replaced = shard.entries.find(key);
  for (;;) {
    const Amount returned = replaced ? amount_of(*replaced) : Amount{};
    const Budget::Shortage shortage = budget_.try_exchange({1, charge}, returned);
    if (shortage == Budget::Shortage::none) break;
    Item* victim = shard.entries.victim();
    if (victim == nullptr) return false;
    if (victim == replaced) {
      remove(shard, *victim, EvictionCause::replaced, graveyard);
      replaced = nullptr;
      continue;
    }
    remove(shard, *victim,
           shortage == Budget::Shortage::items ? EvictionCause::capacity_items
                                               : EvictionCause::capacity_bytes,
           graveyard);
  }
  if (replaced != nullptr) {
    // Its room went to the new entry already.
    graveyard.push_back(shard.entries.unlink(*replaced));
    counters_.count_eviction(EvictionCause::replaced);
  }
  return true;
}

void MemoryStore::remove(Shard& shard, Item& item, EvictionCause cause, Graveyard& graveyard) {
  budget_.give_back(amount_of(item));
  graveyard.push_back(shard.entries.unlink(item));
  counters_.count_eviction(cause);
}

void MemoryStore::evict_elsewhere(const Shard& crowded) {
  Graveyard graveyard;
  for (const auto& shard : shards_) {
    if (shard.get() == &crowded) continue;
    const std::unique_lock lock(shard->mutex);
    if (Item* victim = shard->entries.victim()) {
      remove(*shard, *victim, EvictionCause::capacity_items, graveyard);
      return;
    }
  }
  // Another thread holds the room and is about to link its entry.
  std::this_thread::yield();
}

bool MemoryStore::renew(const Key& key, const http::StoredReply& entry, const Digest& epoch) {
  Shard& shard = shard_of(key);
  const std::unique_lock lock(shard.mutex);
  Item* item = shard.entries.find(key);
  if (item == nullptr || &item->reply != &entry) return false;
  shard.entries.set_edition(*item, {epoch, shard.entries.edition(*item).version});
  return true;
}

void MemoryStore::invalidate(const Key& key, const http::StoredReply& entry) {
  Shard& shard = shard_of(key);
  Graveyard graveyard;
  const std::unique_lock lock(shard.mutex);
  Item* item = shard.entries.find(key);
  if (item == nullptr || &item->reply != &entry) return;
  remove(shard, *item, EvictionCause::invalidated, graveyard);
}

std::size_t MemoryStore::clear(const ClearRequest& request) {
  std::size_t dropped = 0;
  for (const auto& shard : shards_) {
    Graveyard graveyard;
    const std::unique_lock lock(shard->mutex);
    const std::vector<Item*> candidates = request.document_id
                                              ? shard->entries.dependants(*request.document_id)
                                              : shard->entries.all();
    for (Item* item : candidates) {
      if (fits(request, item->key)) remove(*shard, *item, EvictionCause::cleared, graveyard);
    }
    dropped += graveyard.size();
  }
  return dropped;
}

std::size_t MemoryStore::sweep(Monotonic now) {
  std::size_t dropped = 0;
  for (const auto& shard : shards_) {
    for (bool more = true; more;) {
      Graveyard graveyard;
      const std::unique_lock lock(shard->mutex);
      while (graveyard.size() < kSweepBatch) {
        Item* item = shard->entries.expired(now);
        if (item == nullptr) break;
        remove(*shard, *item, EvictionCause::expired, graveyard);
      }
      more = graveyard.size() == kSweepBatch;
      dropped += graveyard.size();
    }
  }
  return dropped;
}

MemoryStore::Totals MemoryStore::totals(Monotonic now) const {
  Totals totals;
  for (const auto& shard : shards_) {
    const std::shared_lock lock(shard->mutex);
    totals.items += shard->entries.size();
    totals.expired += shard->entries.count_expired(now);
  }
  totals.bytes = budget_.used().bytes;
  return totals;
}

}  // namespace liquid::cache
