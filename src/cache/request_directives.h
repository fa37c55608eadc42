#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace liquid::cache {

/// What the request says about caching (RFC 9111, 5.2.1 and 5.4). Directives that are unknown or
/// malformed are ignored; of several max-age the smallest counts.
struct RequestDirectives {
  bool no_cache = false;
  bool no_store = false;
  bool only_if_cached = false;
  std::optional<std::chrono::seconds> max_age;

  bool operator==(const RequestDirectives&) const = default;
};

/// Adds the directives of one Cache-Control value.
void add_cache_control(std::string_view value, RequestDirectives& directives);

/// The headers of a request that the cache looks at, found in one pass.
struct CacheHeaders {
  RequestDirectives directives;  ///< Of Cache-Control, or of Pragma where there is none.
  std::string_view if_none_match;
  std::string_view content_type;
  bool has_content_encoding = false;
};

CacheHeaders read_cache_headers(const http::Request& request);

}  // namespace liquid::cache
