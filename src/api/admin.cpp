#include "api/admin.h"

#include "api/cache_pages.h"
#include "api/error_status.h"
#include "api/json_writer.h"
#include "api/route_list.h"

namespace liquid::api {
namespace {

std::string_view host_of(std::string_view authority) {
  if (!authority.empty() && authority.front() == '[') {
    return authority.substr(0, authority.find(']') + 1);
  }
  return authority.substr(0, authority.find(':'));
}

bool names_this_machine(std::string_view host) {
  return http::equals_ignoring_case(host, "localhost") || host == "[::1]" ||
         host.substr(0, 4) == "127.";
}

bool came_through_proxy(const http::Request& request) {
  for (const std::string_view name : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}) {
    if (request.has_header(name)) return true;
  }
  return false;
}

// A page in a browser on this machine reaches us from loopback, too. Its requests carry its origin;
// a rebound DNS name shows in Host.
bool came_from_foreign_page(const http::Request& request) {
  const std::string_view host = request.header("Host");
  if (!names_this_machine(host_of(host))) return true;
  std::string_view origin = request.header("Origin");
  if (origin.empty()) return false;
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return true;
  origin.remove_prefix(scheme_end + 3);
  return origin != host;
}

bool shows_a_key(const http::Request& request) {
  return request.has_header("X-Admin-Key") || request.has_header("Authorization");
}

http::Response reset(const AdminParts& parts) {
  parts.traffic.reset();
  const auto now = std::chrono::duration<double>(parts.clock.wall().time_since_epoch());
  JsonWriter json;
  json.begin_object().key("status").string("metrics reset");
  json.key("timestamp").number(now.count()).end_object();
  return http::json_response(200, std::move(json).take());
}

}  // namespace

std::optional<http::Response> admin_refusal(const http::Exchange& exchange, AdminKey key) {
  const http::Request& request = exchange.request;
  if (key == AdminKey::set) {
    if (exchange.is_admin) return std::nullopt;
    if (shows_a_key(request)) return detail_response(403, "This is not the admin key.");
    http::Response response =
        detail_response(401, "The admin key is required: X-Admin-Key or Authorization: Bearer.");
    response.headers.add("WWW-Authenticate", "Bearer");
    return response;
  }
  if (exchange.remote_is_loopback && !came_through_proxy(request) &&
      !came_from_foreign_page(request)) {
    return std::nullopt;
  }
  return detail_response(
      403, "Without an admin key this route only answers callers on the server's own machine.");
}

std::vector<Endpoint> admin_endpoints(const AdminParts& parts) {
  using http::Exchange;
  using http::Method;
  const auto guarded = [key = parts.key](auto handle) {
    return [key, handle](const Exchange& exchange) {
      if (auto refusal = admin_refusal(exchange, key)) return std::move(*refusal);
      return handle(exchange);
    };
  };
  Endpoint reset_metrics{Method::post, kMetricsReset,
                         [parts](const Exchange&) { return reset(parts); }};
  if (parts.key == AdminKey::set) reset_metrics.handle = guarded(reset_metrics.handle);
  return {{Method::get, kCacheStats, guarded([&cache = parts.cache](const Exchange&) {
             return http::json_response(200, cache_stats_json(cache.stats()));
           })},
          {Method::post, kCacheClear, guarded([&cache = parts.cache](const Exchange& exchange) {
             return clear_cache(cache, exchange.request);
           })},
          reset_metrics};
}

}  // namespace liquid::api
