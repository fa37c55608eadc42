#include "api/router.h"

#include <string>

#include "api/error_status.h"
#include "api/route_list.h"

namespace liquid::api {
namespace {

bool fits(http::Method asked, http::Method offered) {
  return asked == offered || (asked == http::Method::head && offered == http::Method::get);
}

std::string_view allow_text(http::Method method) {
  return method == http::Method::get ? "GET, HEAD" : "POST";
}

http::Response redirect(std::string_view path, std::string_view query) {
  std::string location(path);
  if (!query.empty()) location.append("?").append(query);
  http::Response response;
  response.status = 307;
  response.headers.add("Location", location);
  return response;
}

}  // namespace

http::Step Router::enter(http::Exchange& exchange) {
  const http::Request& request = exchange.request;
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.path == request.path && fits(request.method, endpoint.method)) {
      return endpoint.handle(exchange);
    }
  }
  return not_here(request);
}

http::Response Router::not_here(const http::Request& request) const {
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.path != request.path) continue;
    http::Response response = detail_response(405, "Method Not Allowed");
    response.headers.add("Allow", allow_text(endpoint.method));
    return response;
  }
  std::string_view path = request.path;
  if (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
    if (route_index(path) != kOther) return redirect(path, request.query);
  }
  return detail_response(404, "Not Found");
}

}  // namespace liquid::api
