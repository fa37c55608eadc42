#include "cache/expiry_queue.h"

namespace liquid::cache {

void ExpiryQueue::insert(ExpiryHook& hook) {
  lists_[hook.expires - hook.created].insert_newest(hook);
}

void ExpiryQueue::erase(ExpiryHook& hook) {
  const auto found = lists_.find(hook.expires - hook.created);
  found->second.erase(hook);
  if (found->second.empty()) lists_.erase(found);
}

ExpiryHook* ExpiryQueue::expired(Monotonic now) const {
  for (const auto& [ttl, list] : lists_) {
    auto* oldest = static_cast<ExpiryHook*>(list.oldest());
    if (oldest->expires <= now) return oldest;
  }
  return nullptr;
}

}  // namespace liquid::cache
