#include "api/cors.h"

#include <algorithm>

#include "api/error_status.h"

namespace liquid::api {
namespace {

constexpr std::string_view kExposed =
    "Age, Cache-Status, ETag, Retry-After, X-Cache, X-Cache-Age, X-RateLimit-Limit, "
    "X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, X-Response-Time";
constexpr std::string_view kPreflightSeconds = "600";

bool is_preflight(const http::Request& request) {
  return request.method == http::Method::options &&
         request.has_header("Access-Control-Request-Method");
}

}  // namespace

bool is_origin(std::string_view text) {
  if (text == "*") return true;
  std::string_view host;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.substr(0, scheme.size()) == scheme) host = text.substr(scheme.size());
  }
  return !host.empty() && host.find_first_of("/?#@* \t,\"\\") == std::string_view::npos;
}

Cors::Cors(std::vector<std::string> origins)
    : origins_(std::move(origins)),
      any_(std::find(origins_.begin(), origins_.end(), "*") != origins_.end()) {}

bool Cors::allows(std::string_view origin) const {
  if (origin.empty()) return false;
  return any_ || std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

http::Response Cors::preflight(const http::Request& request) const {
  if (!allows(request.header("Origin"))) return detail_response(400, "This origin is not allowed.");
  http::Response response;
  response.status = 204;
  response.headers.add("Access-Control-Allow-Methods", "GET, HEAD, POST");
  const std::string_view wanted = request.header("Access-Control-Request-Headers");
  if (!wanted.empty()) response.headers.add("Access-Control-Allow-Headers", wanted);
  response.headers.add("Access-Control-Max-Age", kPreflightSeconds);
  return response;
}

http::Step Cors::enter(http::Exchange& exchange) {
  const http::Request& request = exchange.request;
  if (is_preflight(request) && request.has_header("Origin")) return preflight(request);
  return http::Continue{};
}

void Cors::leave(http::Exchange& exchange, http::Response& response) {
  // Also for requests without Origin: a shared cache must not give their answer to a page.
  if (!any_) response.headers.add("Vary", "Origin");
  const std::string_view origin = exchange.request.header("Origin");
  if (!allows(origin)) return;
  response.headers.add("Access-Control-Allow-Origin", any_ ? "*" : origin);
  if (!any_) response.headers.add("Access-Control-Allow-Credentials", "true");
  response.headers.add("Access-Control-Expose-Headers", kExposed);
}

}  // namespace liquid::api
