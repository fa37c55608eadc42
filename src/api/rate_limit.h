#pragma once

#include <string>

#include "api/token_buckets.h"
#include "base/clock.h"
#include "http/layer.h"
#include "metrics/registry.h"

namespace liquid::api {

/// Who shares a bucket. A tenant is only worth one of its own when its key was checked: otherwise a
/// client could have a new bucket for every credential it makes up. So unchecked credentials share
/// one bucket per address, beside the one of the address's callers without any.
/// Of an IPv6 address the first 64 bits count, which is what one customer gets.
enum class LimitBy { address, tenant };

/// 429 with Retry-After and the documented body for who asks too often:
/// `{"detail":{"error":"Rate limit exceeded","limit":"100 requests per 60
/// seconds","retry_after":1}}`. Every answer on a limited path says X-RateLimit-Limit, -Remaining
/// and -Reset (Unix seconds at which the whole budget is back). /health, /status and /metrics are
/// never limited.
class RateLimit final : public http::Layer {
 public:
  /// `clock` and `registry` are borrowed and outlive the layer.
  RateLimit(const RateLimitOptions& options, LimitBy by, const Clock& clock,
            metrics::Registry& registry);

  http::Step enter(http::Exchange& exchange) override;
  void leave(http::Exchange& exchange, http::Response& response) override;

 private:
  std::uint64_t client_key(const http::Exchange& exchange) const;
  http::Response refusal(std::chrono::nanoseconds retry_after) const;

  const RateLimitOptions options_;
  const LimitBy by_;
  const Clock& clock_;
  const std::uint64_t seed_;
  metrics::Counter& refused_;
  TokenBuckets buckets_;
  const std::string limit_line_;
};

}  // namespace liquid::api
