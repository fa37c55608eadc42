#include "cache/lru.h"

namespace liquid::cache {

void Lru::touch(EvictionHook& hook) {
  if (list_.newest() == &hook) return;
  list_.erase(hook);
  list_.insert_newest(hook);
}

}  // namespace liquid::cache
