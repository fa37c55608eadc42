#include "cache/cache_layer.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "cache/alias_table.h"
#include "cache/counters.h"
#include "cache/flight_runner.h"
#include "cache/request_directives.h"

namespace liquid::cache {
namespace {

using SharedKey = std::shared_ptr<const Key>;

http::Response method_not_allowed() {
  http::Response response = error_answer(405, "method_not_allowed", "Method Not Allowed");
  response.headers.add("Allow", "POST");
  return response;
}

http::Response nothing_cached(Counters& counters) {
  counters.count_answer(AnswerKind::failure);
  http::Response response = error_answer(
      504, "not_cached", "the request says only-if-cached, and no valid answer is stored");
  response.headers.add("Cache-Status", "liquid; detail=only-if-cached");
  return response;
}

RawRequest raw_request(const http::Exchange& exchange, const CacheHeaders& headers) {
  return {.tenant = exchange.tenant,
          .route = exchange.route,
          .content_type = headers.content_type,
          .body = exchange.request.body};
}

bool is_young_enough(const StoredAnswer& answer, const CacheHeaders& headers, Monotonic now) {
  return !headers.directives.max_age || now - answer.created <= *headers.directives.max_age;
}

bool is_usable(Freshness freshness) {
  return freshness == Freshness::fresh || freshness == Freshness::outdated;
}

}  // namespace

/// What a request asks of the cache, once it is clear that the I/O thread cannot answer it.
struct CacheLayer::Demand {
  const Route* route = nullptr;
  SharedKey key = {};
  Purpose purpose = Purpose::answer;
  Verdict verdict = Verdict::miss;
  Forward forward = Forward::uri_miss;
  std::string if_none_match = {};
};

CacheLayer::CacheLayer(ResponseCache& cache, std::vector<CachedRoute> routes,
                       const IndexState& index, WorkerPool& pool)
    : parts_(cache.parts()),
      hashing_{cache.options().hash, process_seed()},
      runner_(std::make_unique<FlightRunner>(parts_, index, pool)) {
  for (CachedRoute& route : routes) {
    const RoutePlan plan = cache.plan(route.path);
    routes_.push_back({.spec = std::move(route), .plan = plan});
  }
}

CacheLayer::~CacheLayer() = default;

const Route* CacheLayer::find_route(std::string_view path) const {
  for (const Route& route : routes_) {
    if (route.spec.path == path) return &route;
  }
  return nullptr;
}

http::Step CacheLayer::enter(http::Exchange& exchange) {
  const Route* route = find_route(exchange.request.path);
  if (route == nullptr) return http::Continue{};
  exchange.route = route->spec.path;
  if (exchange.request.method != http::Method::post) return method_not_allowed();
  const CacheHeaders headers = read_cache_headers(exchange.request);
  const bool is_off = route->plan.caching == Caching::off;
  if (is_off || headers.directives.no_store || headers.directives.no_cache) {
    return pass_by(exchange, *route, headers);
  }
  return look_up(exchange, *route, headers);
}

http::Step CacheLayer::pass_by(http::Exchange& exchange, const Route& route,
                               const CacheHeaders& headers) {
  const bool is_off = route.plan.caching == Caching::off;
  if (headers.directives.only_if_cached) return nothing_cached(parts_.counters);
  auto canonical = route.spec.canonicalize(exchange.request);
  if (auto* refusal = std::get_if<http::Response>(&canonical)) return std::move(*refusal);
  const bool shares = !is_off && !headers.directives.no_store;
  return defer({.route = &route,
                .key = make_key(exchange, std::get<std::string>(canonical)),
                .purpose = shares ? Purpose::refresh : Purpose::single,
                .verdict = Verdict::bypass,
                .forward = is_off ? Forward::bypass : Forward::request,
                .if_none_match = std::string(headers.if_none_match)});
}

SharedKey CacheLayer::make_key(const http::Exchange& exchange, std::string_view canonical) const {
  return std::make_shared<const Key>(
      Key::Parts{.tenant = exchange.tenant, .route = exchange.route, .canonical = canonical},
      hashing_);
}

http::Step CacheLayer::look_up(http::Exchange& exchange, const Route& route,
                               const CacheHeaders& headers) {
  const RawRequest raw = raw_request(exchange, headers);
  const bool is_plain = exchange.request.query.empty() && !headers.has_content_encoding;
  const std::uint64_t raw_hash = is_plain ? parts_.aliases.hash(raw) : 0;
  SharedKey key = is_plain ? parts_.aliases.find(raw, raw_hash) : nullptr;
  const bool is_alias = key != nullptr;
  if (!is_alias) {
    auto canonical = route.spec.canonicalize(exchange.request);
    if (auto* refusal = std::get_if<http::Response>(&canonical)) return std::move(*refusal);
    key = make_key(exchange, std::get<std::string>(canonical));
  }
  const Monotonic now = parts_.clock.monotonic();
  const Lookup lookup = route.plan.store->find(*key, runner_->wanted_edition(), now);
  const bool is_young = is_usable(lookup.freshness) && is_young_enough(lookup.answer, headers, now);
  if (lookup.freshness == Freshness::fresh && is_young) {
    if (is_plain && !is_alias) parts_.aliases.insert(raw, raw_hash, std::move(key));
    return answer_hit(exchange, lookup.answer, {headers.if_none_match, Wildcard::matches, now});
  }
  if (headers.directives.only_if_cached) return nothing_cached(parts_.counters);
  Demand demand{
      .route = &route, .key = std::move(key), .if_none_match = std::string(headers.if_none_match)};
  if (is_usable(lookup.freshness) && !is_young) {
    demand.purpose = Purpose::refresh;
    demand.forward = Forward::request;
  } else if (lookup.freshness != Freshness::absent) {
    demand.forward = Forward::stale;
  }
  return defer(std::move(demand));
}

http::Response CacheLayer::answer_hit(http::Exchange& exchange, const StoredAnswer& answer,
                                      const Recipient& recipient) {
  http::Response response = answer_with(answer, CacheReport{}, recipient);
  parts_.counters.count_answer(response.status == 304 ? AnswerKind::not_modified
                                                      : AnswerKind::fresh);
  parts_.counters.count_saved(answer.cost);
  exchange.cache_outcome = http::CacheOutcome::hit;
  return response;
}

http::Step CacheLayer::defer(Demand demand) {
  // Shared, because std::function wants to copy what it holds.
  auto shared = std::make_shared<Demand>(std::move(demand));
  return http::Deferred{[this, shared](http::Completion completion) {
    auto flight = std::make_shared<Flight>(*shared->key, shared->purpose, runner_->wanted_edition(),
                                           parts_.clearings.mark());
    runner_->board(*shared->route, std::move(flight),
                   {.completion = std::move(completion),
                    .if_none_match = std::move(shared->if_none_match),
                    .verdict = shared->verdict,
                    .forward = shared->forward});
  }};
}

}  // namespace liquid::cache
