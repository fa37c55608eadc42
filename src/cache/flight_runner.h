#pragma once

#include <memory>
#include <optional>

#include "base/worker_pool.h"
#include "cache/cached_route.h"
#include "cache/flight_table.h"
#include "cache/memory_store.h"
#include "cache/response_cache.h"

namespace liquid::cache {

/// A cached route and what the cache does for it.
struct Route {
  CachedRoute spec;
  RoutePlan plan;
};

/// Finds answers that are not ready: validates a stored one or has a new one computed, stores it,
/// and answers all who wait.
///
/// `board` never blocks; the work runs on the pool. Safe from any thread.
class FlightRunner {
 public:
  /// All borrowed; `pool` must be drained before the runner dies.
  FlightRunner(const CacheParts& parts, const IndexState& index, WorkerPool& pool);

  /// What a stored answer must have been made under now. Costs nanoseconds.
  WantedEdition wanted_edition() const;

  /// Joins the waiter to an equal flight, or starts this one. `route` outlives the flight. The
  /// waiter gets 503 when the pool is full or too many wait already.
  void board(const Route& route, std::shared_ptr<Flight> flight, Waiter waiter);

 private:
  /// What a flight came to.
  struct Landing {
    enum class Source { found, revalidated, computed };
    Source source = Source::computed;
    std::optional<StoredAnswer> answer = {};  ///< Nothing: `failure` is sent.
    http::Response failure = {};
    bool stored = false;
  };

  void run(const Route& route, Flight& flight);
  std::optional<Landing> find_valid(const Route& route, const Flight& flight);
  Landing compute(const Route& route, const Flight& flight);
  Landing keep(const Route& route, const Flight& flight, NewEntry entry);
  void answer_all(Flight& flight, const Landing& landing);
  void answer(Waiter& waiter, const Landing& landing, Monotonic now);
  void answer_failure(Waiter& waiter, http::Response failure);

  const CacheParts parts_;
  const IndexState& index_;
  WorkerPool& pool_;
};

}  // namespace liquid::cache
