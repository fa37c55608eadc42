#pragma once

#include "cache/eviction.h"

namespace liquid::cache {

/// Least recently used goes first. A hit moves its entry, so it needs the exclusive lock.
class Lru final : public EvictionOrder {
 public:
  TouchLock touch_lock() const override { return TouchLock::exclusive; }
  void insert(EvictionHook& hook) override { list_.insert_newest(hook); }
  void touch(EvictionHook& hook) override;
  void erase(EvictionHook& hook) override { list_.erase(hook); }
  EvictionHook* victim() override { return static_cast<EvictionHook*>(list_.oldest()); }

 private:
  HookList<EvictionTag> list_;
};

}  // namespace liquid::cache
