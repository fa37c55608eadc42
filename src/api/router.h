#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "http/layer.h"

namespace liquid::api {

/// What answers one method on one path, at once, on the I/O thread.
struct Endpoint {
  http::Method method = http::Method::get;
  std::string_view path;  ///< One of kRoutes.
  std::function<http::Response(const http::Exchange&)> handle;
};

/// The innermost layer: finds the endpoint. HEAD is answered like GET; another method on a known
/// path is 405 with Allow, a known path with one '/' too many 307, everything else 404. The cached
/// routes are answered by the cache's layer before this one.
class Router final : public http::Layer {
 public:
  explicit Router(std::vector<Endpoint> endpoints) : endpoints_(std::move(endpoints)) {}

  http::Step enter(http::Exchange& exchange) override;

 private:
  http::Response not_here(const http::Request& request) const;

  const std::vector<Endpoint> endpoints_;
};

}  // namespace liquid::api
