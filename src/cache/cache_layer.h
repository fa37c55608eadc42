#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/worker_pool.h"
#include "cache/cached_route.h"
#include "cache/key.h"
#include "cache/response_cache.h"
#include "http/layer.h"

namespace liquid::cache {

struct CacheHeaders;
struct Recipient;
struct Route;
struct StoredAnswer;
class FlightRunner;

/// The link of the chain that answers the cached routes (POST only; other methods get 405) and lets
/// everything else pass. A hit is answered in `enter`, on the I/O thread; everything else is
/// Deferred to the pool. Equal requests that wait at the same time share one computation.
///
/// Every 2xx or 304 answer carries X-Cache, Cache-Status (RFC 9211), ETag and Cache-Control; hits
/// also Age and X-Cache-Age. `Cache-Control` of the request is honoured:
///   no-cache        computed anew and stored (X-Cache: BYPASS)
///   no-store        computed alone, neither looked up nor stored (X-Cache: BYPASS)
///   max-age=N       an older entry is computed anew (X-Cache: MISS)
///   only-if-cached  504 when there is no answer ready
/// A full pool or too many waiters: 503 with Retry-After.
///
/// Threads: as `http::Layer`. All references are borrowed; `pool` must be drained before the layer
/// dies, because queued work refers to it.
class CacheLayer final : public http::Layer {
 public:
  CacheLayer(ResponseCache& cache, std::vector<CachedRoute> routes, const IndexState& index,
             WorkerPool& pool);
  ~CacheLayer() override;

  http::Step enter(http::Exchange& exchange) override;

 private:
  struct Demand;

  const Route* find_route(std::string_view path) const;
  http::Step look_up(http::Exchange& exchange, const Route& route, const CacheHeaders& headers);
  http::Step pass_by(http::Exchange& exchange, const Route& route, const CacheHeaders& headers);
  http::Response answer_hit(http::Exchange& exchange, const StoredAnswer& answer,
                            const Recipient& recipient);
  http::Step defer(Demand demand);
  std::shared_ptr<const Key> make_key(const http::Exchange& exchange,
                                      std::string_view canonical) const;

  const CacheParts parts_;
  const Key::Hashing hashing_;
  std::vector<Route> routes_;
  std::unique_ptr<FlightRunner> runner_;
};

}  // namespace liquid::cache
