#pragma once

#include <atomic>
#include <memory>

#include "cache/cache_options.h"
#include "cache/hook_list.h"

namespace liquid::cache {

struct EvictionTag;

/// What an eviction order keeps in each entry: its place in the queue and one bit.
struct EvictionHook : ListHook<EvictionTag> {
  std::atomic<bool> visited{false};
};

/// The order in which entries have to go. Owns no entry; every hook is in at most one order.
/// Every call is O(1). All but `touch` need the store's exclusive lock.
class EvictionOrder {
 public:
  /// Which lock `touch` needs.
  enum class TouchLock { shared, exclusive };

  virtual ~EvictionOrder() = default;
  virtual TouchLock touch_lock() const = 0;
  virtual void insert(EvictionHook& hook) = 0;
  /// The entry was used.
  virtual void touch(EvictionHook& hook) = 0;
  virtual void erase(EvictionHook& hook) = 0;
  /// Who has to go next (still inside; the caller erases it). Null when empty.
  virtual EvictionHook* victim() = 0;
};

std::unique_ptr<EvictionOrder> make_eviction_order(EvictionPolicy policy);

}  // namespace liquid::cache
