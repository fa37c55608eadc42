#include "cache/eviction.h"

#include "cache/lru.h"
#include "cache/sieve.h"

namespace liquid::cache {

std::unique_ptr<EvictionOrder> make_eviction_order(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::sieve: return std::make_unique<Sieve>();
    case EvictionPolicy::lru: return std::make_unique<Lru>();
  }
  return std::make_unique<Sieve>();
}

}  // namespace liquid::cache
