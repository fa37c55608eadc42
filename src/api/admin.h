#pragma once

#include <optional>
#include <vector>

#include "api/router.h"
#include "api/traffic.h"
#include "cache/response_cache.h"
#include "http/layer.h"
#include "metrics/registry.h"

namespace liquid::api {

/// Who may use the admin routes.
///
/// With an admin key: who shows it (`Exchange::is_admin`); 401 without any key, 403 with a wrong
/// one. Without one: callers on this machine, 403 for all others. A request that a proxy passed on,
/// or that a page of another origin sent through a local browser, is not a caller on this machine.
enum class AdminKey { set, not_set };
std::optional<http::Response> admin_refusal(const http::Exchange& exchange, AdminKey key);

/// What the admin routes work on; borrowed, outlives the endpoints.
struct AdminParts {
  cache::ResponseCache& cache;
  Traffic& traffic;
  const Clock& clock;
  AdminKey key = AdminKey::not_set;
};

/// GET /cache/stats, POST /cache/clear (body: any of "route", "tenant", "document_id"; empty: all)
/// and POST /metrics/reset. The last has always been open to everybody; it is guarded once a key is
/// set.
std::vector<Endpoint> admin_endpoints(const AdminParts& parts);

/// The cache's figures, for Prometheus.
void register_cache_metrics(const cache::ResponseCache& cache, metrics::Registry& registry);

}  // namespace liquid::api
