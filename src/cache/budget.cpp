#include "cache/budget.h"

namespace liquid::cache {

bool Budget::try_exchange(std::atomic<std::size_t>& used, std::size_t limit, std::size_t wanted,
                          std::size_t returned) {
  std::size_t now = used.load();
  for (;;) {
    const std::size_t then = now - returned + wanted;
    if (then > limit && then > now) return false;
    if (used.compare_exchange_weak(now, then)) return true;
  }
}

Budget::Shortage Budget::try_exchange(Amount wanted, Amount returned) {
  if (!try_exchange(items_, limit_.items, wanted.items, returned.items)) return Shortage::items;
  if (!try_exchange(bytes_, limit_.bytes, wanted.bytes, returned.bytes)) {
    try_exchange(items_, SIZE_MAX, returned.items, wanted.items);
    return Shortage::bytes;
  }
  return Shortage::none;
}

void Budget::give_back(Amount amount) {
  items_.fetch_sub(amount.items);
  bytes_.fetch_sub(amount.bytes);
}

}  // namespace liquid::cache
