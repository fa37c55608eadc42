#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "cache/budget.h"
#include "cache/cache_options.h"
#include "cache/clear_log.h"
#include "cache/counters.h"
#include "cache/edition_table.h"
#include "cache/entity_tag.h"
#include "cache/item.h"
#include "cache/key.h"
#include "http/message.h"

namespace liquid::cache {

/// What an entry must have been made under to be sent as it is.
struct WantedEdition {
  std::optional<Digest> epoch;  ///< Nothing: unknown, so every entry needs validation.
  Digest version;

  bool operator==(const WantedEdition&) const = default;
};

/// An answer taken from, or put into, a store. It stays whole when the store drops it.
struct StoredAnswer {
  std::shared_ptr<const http::StoredReply> reply;  ///< Also the identity of the entry.
  EntityTag tag;
  Monotonic created{};
  Monotonic expires{};
  std::chrono::microseconds cost{};
};

enum class Freshness {
  absent,
  expired,
  other_version,  ///< Made by another generator or with other settings.
  outdated,       ///< The epoch moved: good only if its evidence is still what retrieval finds.
  fresh
};

struct Lookup {
  Freshness freshness = Freshness::absent;
  StoredAnswer answer;
  Digest evidence;
};

/// Answers in memory, in shards by the high bits of the key's hash. The two bounds hold for the
/// whole store, exactly: a full store holds `max_items` entries, and never one more.
///
/// Safe from any thread. A look-up locks one shard, shared under SIEVE; an insertion locks one
/// shard, and others one after another in the rare case that its own has nothing left to evict.
class MemoryStore {
 public:
  /// What `insert` did.
  enum class Insertion { stored, too_large, cleared };
  struct Inserted {
    Insertion insertion;
    StoredAnswer answer;  ///< Fit to be sent in every case.
  };
  struct Totals {
    std::size_t items = 0;
    std::size_t expired = 0;
    std::size_t bytes = 0;
  };

  /// `counters` and `clearings` are borrowed.
  MemoryStore(const StoreLimits& limits, Counters& counters, const ClearLog& clearings);
  ~MemoryStore();
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  Lookup find(const Key& key, const WantedEdition& wanted, Monotonic now);

  /// Puts the entry in, in the place of one with the same key. Not when it takes more than an
  /// eighth of the byte budget, nor when a clearing since `mark` would have dropped it.
  Inserted insert(const Key& key, NewEntry entry, std::uint64_t mark);

  /// The entry was found to be valid under another epoch. Its life time stays as it is. False when
  /// the entry under `key` is no longer that one.
  bool renew(const Key& key, const http::StoredReply& entry, const Digest& epoch);

  /// Drops the entry if it is still that one.
  void invalidate(const Key& key, const http::StoredReply& entry);

  /// Drops what fits; returns how many. The caller has recorded the request in the `ClearLog`
  /// before.
  std::size_t clear(const ClearRequest& request);
  /// Drops what has expired; returns how many.
  std::size_t sweep(Monotonic now);

  Totals totals(Monotonic now) const;
  const StoreLimits& limits() const { return limits_; }
  std::size_t shards() const { return shards_.size(); }

 private:
  struct Shard;
  using Graveyard = std::vector<std::shared_ptr<Item>>;

  Shard& shard_of(const Key& key) const;
  bool make_room(Shard& shard, const Key& key, std::size_t charge, Graveyard& graveyard);
  void evict_elsewhere(const Shard& crowded);
  void remove(Shard& shard, Item& item, EvictionCause cause, Graveyard& graveyard);

  const StoreLimits limits_;
  Counters& counters_;
  const ClearLog& clearings_;
  Budget budget_;
  std::vector<std::unique_ptr<Shard>> shards_;
  int shard_shift_;
};

}  // namespace liquid::cache
