#pragma once

#include "cache/eviction.h"

namespace liquid::cache {

/// SIEVE (Zhang et al., NSDI 2024): entries stay in the order they came; a hand walks from the
/// oldest to the newest, forgives every entry that was visited since it last passed, and evicts the
/// first that was not. A hit only sets a bit.
///
/// The paper's hand may forgive every entry in one call. Ours stops after `kMaxForgiven` and takes
/// the next one, visited or not, so that one eviction never walks a large cache.
class Sieve final : public EvictionOrder {
 public:
  static constexpr int kMaxForgiven = 64;

  TouchLock touch_lock() const override { return TouchLock::shared; }
  void insert(EvictionHook& hook) override;
  void touch(EvictionHook& hook) override;
  void erase(EvictionHook& hook) override;
  EvictionHook* victim() override;

 private:
  using List = HookList<EvictionTag>;

  List list_;
  List::Hook* hand_ = nullptr;  // null: starts over at the oldest
};

}  // namespace liquid::cache
