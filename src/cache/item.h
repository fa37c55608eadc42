#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "cache/dependency_index.h"
#include "cache/edition_table.h"
#include "cache/entity_tag.h"
#include "cache/eviction.h"
#include "cache/expiry_queue.h"
#include "cache/key.h"
#include "http/message.h"

namespace liquid::cache {

/// An answer on its way into a store.
struct NewEntry {
  http::StoredReply reply;  ///< `head` as `content_head` makes it.
  EntityTag tag;
  Edition edition;
  Digest evidence;
  std::vector<std::string> document_ids;
  Monotonic created{};
  std::chrono::nanoseconds ttl{};
  std::chrono::microseconds cost{};  ///< What computing it took.
};

/// One entry as it lies in a store: a single allocation beside the key's and the body's bytes.
/// The members in front (hooks, `edition`) belong to the store's lock; the rest never changes, so
/// that an answer being sent may keep the entry alive after the store has dropped it.
struct Item : ExpiryHook, DependencyHook, EvictionHook {
  Item(const Key& entry_key, NewEntry entry)
      : cost_us(static_cast<std::uint32_t>(
            std::min<std::chrono::microseconds::rep>(entry.cost.count(), UINT32_MAX))),
        key(entry_key),
        reply(std::move(entry.reply)),
        evidence(entry.evidence),
        tag(entry.tag) {
    created = entry.created;
    expires = entry.created + entry.ttl;
  }

  std::uint32_t cost_us;
  std::uint32_t edition = 0;  // in the store's EditionTable
  Key key;
  http::StoredReply reply;
  Digest evidence;
  EntityTag tag;
};

/// Bytes that the store's tables and the allocator take for one entry beside key, head and body;
/// measured by bench/cache_policy.
inline constexpr std::size_t kItemOverheadBytes = 304;
inline constexpr std::size_t kDependencyOverheadBytes = 40;

}  // namespace liquid::cache
