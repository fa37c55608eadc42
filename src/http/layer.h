#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "http/message.h"

namespace liquid::http {

/// How an answer came about; the cache layer sets it, log and metrics read it.
enum class CacheOutcome { none, hit, revalidated, joined, miss, bypass };

/// What a rate limit left to the caller; told in headers on the way out.
struct RateGrant {
  std::uint32_t limit = 0;  ///< 0: this request was not limited.
  std::uint32_t remaining = 0;
  std::int64_t full_again = 0;  ///< Unix seconds.
};

/// One request on its way through the layers. Lives on its connection's I/O thread.
struct Exchange {
  Request request;
  std::string_view remote_address;  ///< Without port; of the peer, or of a trusted proxy's client.
  bool remote_is_loopback = false;
  Monotonic received{};
  std::string request_id;  ///< Taken from X-Request-Id when it is short and clean, else made.
  std::string tenant;      ///< Set by the identity layer; "public" when nobody said who.
  bool is_admin = false;   ///< Set by the identity layer.
  std::string_view route;  ///< Pattern of the route, for metrics; a constant with static life time.
  CacheOutcome cache_outcome = CacheOutcome::none;
  RateGrant rate;  ///< Set by the rate limit layer.
};

/// Delivers the answer of deferred work: called exactly once, from any thread, also after the
/// connection has gone (the answer is dropped then).
using Completion = std::function<void(Response, CacheOutcome)>;

/// Go on with the next layer.
struct Continue {};

/// The answer comes later. `start` is called once, on the I/O thread, after all `enter` calls; it
/// must not block. It must own (by value) everything it needs: the Exchange's views are gone by
/// then.
struct Deferred {
  std::function<void(Completion)> start;
};

using Step = std::variant<Continue, Response, Deferred>;

/// One link of the visible chain (access log → identity → rate limit → cache → routes). Both calls
/// run on the connection's I/O thread and must not block. Layers are shared by all I/O threads:
/// whatever state they keep is synchronised inside.
class Layer {
 public:
  virtual ~Layer() = default;

  /// On the way in, outermost first. A Response or a Deferred ends the way in.
  virtual Step enter(Exchange& exchange) = 0;

  /// On the way out, innermost first; only called on layers whose `enter` was called. This is where
  /// per-request headers are added.
  virtual void leave(Exchange& exchange, Response& response) {
    (void)exchange;
    (void)response;
  }
};

}  // namespace liquid::http
