#include "cache/response_cache.h"

#include <optional>
#include <utility>
#include <vector>

#include "cache/alias_table.h"
#include "cache/counters.h"
#include "cache/flight_table.h"
#include "cache/memory_store.h"
#include "cache/sweeper.h"

namespace liquid::cache {

struct ResponseCache::State {
  State(CacheOptions cache_options, const Clock& cache_clock)
      : options(std::move(cache_options)),
        clock(cache_clock),
        aliases({options.hash, process_seed()}),
        flights(options.max_waiters, clearings) {
    stores.push_back(std::make_unique<MemoryStore>(options.store, counters, clearings));
    for (const auto& [path, route] : options.routes) {
      if (!route.store) continue;
      stores.push_back(std::make_unique<MemoryStore>(*route.store, counters, clearings));
      own_stores.emplace(path, stores.back().get());
    }
  }

  std::size_t sweep() {
    std::size_t dropped = 0;
    for (const auto& store : stores) dropped += store->sweep(clock.monotonic());
    return dropped;
  }

  const CacheOptions options;
  const Clock& clock;
  Counters counters;
  ClearLog clearings;
  AliasTable aliases;
  FlightTable flights;
  std::vector<std::unique_ptr<MemoryStore>> stores;  // the first is shared by most routes
  std::map<std::string, MemoryStore*, std::less<>> own_stores;
  std::optional<Sweeper> sweeper;  // last: it must end before what it sweeps
};

Result<std::unique_ptr<ResponseCache>> ResponseCache::open(CacheOptions options,
                                                           const Clock& clock) {
  if (auto checked = validate(options); !checked) return std::move(checked).error();
  auto state = std::make_unique<State>(std::move(options), clock);
  const auto interval = state->options.sweep_interval;
  if (interval > std::chrono::milliseconds::zero()) {
    state->sweeper.emplace(interval, [swept = state.get()] { swept->sweep(); });
  }
  return std::unique_ptr<ResponseCache>(new ResponseCache(std::move(state)));
}

ResponseCache::ResponseCache(std::unique_ptr<State> state) : state_(std::move(state)) {}

ResponseCache::~ResponseCache() = default;

CacheStats ResponseCache::stats() const {
  CacheStats stats;
  const Monotonic now = state_->clock.monotonic();
  for (const auto& store : state_->stores) {
    const MemoryStore::Totals totals = store->totals(now);
    stats.total_items += totals.items;
    stats.expired_items += totals.expired;
    stats.bytes += totals.bytes;
    stats.max_size += store->limits().max_items;
    stats.max_bytes += store->limits().max_bytes;
  }
  stats.valid_items = stats.total_items - stats.expired_items;
  stats.utilization =
      100.0 * static_cast<double>(stats.total_items) / static_cast<double>(stats.max_size);
  stats.ttl = state_->options.ttl;
  stats.flights = state_->flights.size();
  state_->counters.write(stats);
  return stats;
}

std::size_t ResponseCache::clear(const ClearRequest& request) {
  // First the log, then the stores: an answer that is inserted in between finds the log's entry.
  state_->clearings.record(request);
  state_->aliases.clear();
  std::size_t dropped = 0;
  for (const auto& store : state_->stores) dropped += store->clear(request);
  return dropped;
}

std::size_t ResponseCache::sweep() { return state_->sweep(); }

const CacheOptions& ResponseCache::options() const { return state_->options; }

RoutePlan ResponseCache::plan(std::string_view route) const {
  RoutePlan plan{.caching = state_->options.caching,
                 .ttl = state_->options.ttl,
                 .store = state_->stores.front().get()};
  const auto special = state_->options.routes.find(route);
  if (special == state_->options.routes.end()) return plan;
  if (special->second.caching == Caching::off) plan.caching = Caching::off;
  plan.ttl = special->second.ttl.value_or(plan.ttl);
  const auto own = state_->own_stores.find(route);
  if (own != state_->own_stores.end()) plan.store = own->second;
  return plan;
}

CacheParts ResponseCache::parts() {
  return {.clock = state_->clock,
          .counters = state_->counters,
          .clearings = state_->clearings,
          .aliases = state_->aliases,
          .flights = state_->flights};
}

}  // namespace liquid::cache
