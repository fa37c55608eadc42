#pragma once

#include <chrono>
#include <cstddef>
#include <map>

#include "base/clock.h"
#include "cache/hook_list.h"

namespace liquid::cache {

struct ExpiryTag;

/// What the expiry queue keeps in each entry.
struct ExpiryHook : ListHook<ExpiryTag> {
  Monotonic created{};
  Monotonic expires{};
};

/// Entries in the order in which they expire. Entries of one life time expire in the order they
/// were made, so each life time has a list; there are as many lists as there are different life
/// times (a few: one per route). Owns no entry. Needs the store's exclusive lock.
///
/// Inserting in a slightly different order than `created` (two threads, one late) delays the
/// removal of an entry by that much; it never makes an expired entry a hit.
class ExpiryQueue {
 public:
  void insert(ExpiryHook& hook);
  void erase(ExpiryHook& hook);
  /// An entry that has expired, null when there is none. O(number of life times).
  ExpiryHook* expired(Monotonic now) const;
  /// Calls `each(const ExpiryHook&)` for the expired ones.
  template <typename Each>
  void for_each_expired(Monotonic now, Each each) const {
    for (const auto& [ttl, list] : lists_) {
      for (const auto* hook = list.oldest(); hook != nullptr; hook = hook->newer) {
        const auto& entry = static_cast<const ExpiryHook&>(*hook);
        if (entry.expires > now) break;
        each(entry);
      }
    }
  }

 private:
  using List = HookList<ExpiryTag>;

  std::map<std::chrono::nanoseconds, List> lists_;  // by life time; none is empty
};

}  // namespace liquid::cache
