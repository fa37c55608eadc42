#include "api/rate_limit.h"

#include <arpa/inet.h>

#include <charconv>

#include "api/json_writer.h"
#include "api/route_list.h"
#include "base/digest.h"

namespace liquid::api {
namespace {

std::int64_t whole_seconds_up(std::chrono::nanoseconds duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

void append_line(std::string& headers, std::string_view name, std::int64_t value) {
  char buffer[24];
  headers.append(name);
  headers.append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
  headers.append("\r\n");
}

std::uint64_t address_key(std::string_view address, std::uint64_t seed) {
  if (address.find(':') == std::string_view::npos) return hash64(address, seed);
  unsigned char bytes[16];
  const std::string text(address.substr(0, address.find('%')));
  if (inet_pton(AF_INET6, text.c_str(), bytes) != 1) return hash64(address, seed);
  return hash64({reinterpret_cast<const char*>(bytes), 8}, seed);
}

}  // namespace

RateLimit::RateLimit(const RateLimitOptions& options, LimitBy by, const Clock& clock,
                     metrics::Registry& registry)
    : options_(options),
      by_(by),
      clock_(clock),
      seed_(process_seed()),
      refused_(registry.counter("liquid_rate_limited_total", "Requests answered 429.")),
      buckets_(options),
      limit_line_("X-RateLimit-Limit: " + std::to_string(options.requests) + "\r\n") {
  registry.callback(metrics::Registry::Kind::counter, "liquid_rate_limit_forced_out_total",
                    "Clients whose used-up budget was forgotten to make room for others.", {},
                    [this] { return static_cast<double>(buckets_.forced_out()); });
}

std::uint64_t RateLimit::client_key(const http::Exchange& exchange) const {
  if (exchange.tenant == "public") return address_key(exchange.remote_address, seed_);
  if (by_ == LimitBy::address) return address_key(exchange.remote_address, seed_ + 1);
  return hash64(exchange.tenant, seed_ + 2);
}

http::Response RateLimit::refusal(std::chrono::nanoseconds retry_after) const {
  const std::int64_t seconds = whole_seconds_up(retry_after);
  JsonWriter json;
  json.begin_object().key("detail").begin_object();
  json.key("error").string("Rate limit exceeded");
  json.key("limit").string(std::to_string(options_.requests) + " requests per " +
                           std::to_string(options_.period.count()) + " seconds");
  json.key("retry_after").integer(seconds).end_object().end_object();
  http::Response response = http::json_response(429, std::move(json).take());
  response.headers.add("Retry-After", std::to_string(seconds));
  return response;
}

http::Step RateLimit::enter(http::Exchange& exchange) {
  exchange.rate = {};
  if (is_monitoring_route(exchange.route)) return http::Continue{};
  const TokenBuckets::Verdict verdict = buckets_.take(client_key(exchange), exchange.received);
  const auto full = clock_.wall().time_since_epoch() + verdict.until_full;
  exchange.rate = {options_.requests, verdict.remaining, whole_seconds_up(full)};
  if (verdict.allowed) return http::Continue{};
  refused_.add();
  return refusal(verdict.retry_after);
}

void RateLimit::leave(http::Exchange& exchange, http::Response& response) {
  if (exchange.rate.limit == 0) return;
  std::string& headers = response.headers.text();
  headers.append(limit_line_);
  append_line(headers, "X-RateLimit-Remaining: ", exchange.rate.remaining);
  append_line(headers, "X-RateLimit-Reset: ", exchange.rate.full_again);
}

}  // namespace liquid::api
