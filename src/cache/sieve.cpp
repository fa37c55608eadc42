#include "cache/sieve.h"

namespace liquid::cache {

void Sieve::insert(EvictionHook& hook) {
  hook.visited.store(false, std::memory_order_relaxed);
  list_.insert_newest(hook);
}

void Sieve::touch(EvictionHook& hook) {
  // Reading first keeps the cache line shared between threads that hit the same entry.
  if (!hook.visited.load(std::memory_order_relaxed)) {
    hook.visited.store(true, std::memory_order_relaxed);
  }
}

void Sieve::erase(EvictionHook& hook) {
  if (hand_ == &hook) hand_ = hook.newer;
  list_.erase(hook);
}

EvictionHook* Sieve::victim() {
  List::Hook* place = hand_ ? hand_ : list_.oldest();
  if (place == nullptr) return nullptr;
  for (int forgiven = 0; forgiven < kMaxForgiven; ++forgiven) {
    auto& hook = static_cast<EvictionHook&>(*place);
    if (!hook.visited.load(std::memory_order_relaxed)) break;
    hook.visited.store(false, std::memory_order_relaxed);
    place = place->newer ? place->newer : list_.oldest();
  }
  hand_ = place;
  return static_cast<EvictionHook*>(place);
}

}  // namespace liquid::cache
