#pragma once

#include <vector>

#include "api/router.h"

namespace liquid::api {

/// GET /docs with its style and script, /openapi.json, and the redirects / and /redoc → /docs. The
/// pages are compiled in, load nothing from elsewhere, and carry an ETag.
std::vector<Endpoint> page_endpoints();

}  // namespace liquid::api
