#pragma once

#include <string>

#include "cache/response_cache.h"
#include "http/message.h"

namespace liquid::api {

/// `{"total_items","valid_items","expired_items","max_size","utilization","ttl_seconds","bytes",
/// "max_bytes","hits":{…},"hit_rate","misses","bypasses","failures","stored","evictions":{…},…}`.
std::string cache_stats_json(const cache::CacheStats& stats);

/// Clears what the body names and answers `{"cleared": n}`. Unlike on the answer routes an unknown
/// field is refused (422): a misspelt one would clear everything.
http::Response clear_cache(cache::ResponseCache& cache, const http::Request& request);

}  // namespace liquid::api
