#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace liquid::api {

inline constexpr std::string_view kAsk = "/ask";
inline constexpr std::string_view kAskSimple = "/ask/simple";
inline constexpr std::string_view kSearch = "/search";
inline constexpr std::string_view kHealth = "/health";
inline constexpr std::string_view kStatus = "/status";
inline constexpr std::string_view kStats = "/stats";
inline constexpr std::string_view kMetrics = "/metrics";
inline constexpr std::string_view kMetricsReset = "/metrics/reset";
inline constexpr std::string_view kCacheStats = "/cache/stats";
inline constexpr std::string_view kCacheClear = "/cache/clear";
inline constexpr std::string_view kOpenApi = "/openapi.json";
inline constexpr std::string_view kDocs = "/docs";
inline constexpr std::string_view kDocsStyle = "/docs/style.css";
inline constexpr std::string_view kDocsScript = "/docs/script.js";
inline constexpr std::string_view kRedoc = "/redoc";
inline constexpr std::string_view kRoot = "/";
/// The label under which requests to no known path are counted.
inline constexpr std::string_view kOtherRoute = "other";

/// Every path this server knows; the last one stands for all others.
inline constexpr std::array kRoutes = {
    kAsk,       kAskSimple,    kSearch,     kHealth,     kStatus,    kStats,
    kMetrics,   kMetricsReset, kCacheStats, kCacheClear, kOpenApi,   kDocs,
    kDocsStyle, kDocsScript,   kRedoc,      kRoot,       kOtherRoute};
inline constexpr std::size_t kOther = kRoutes.size() - 1;

/// Place of `path` in kRoutes, kOther when it is unknown. A few ns.
constexpr std::size_t route_index(std::string_view path) {
  for (std::size_t i = 0; i < kOther; ++i) {
    if (kRoutes[i] == path) return i;
  }
  return kOther;
}

/// The three routes whose answers are cached; they come first in kRoutes.
constexpr bool is_answer_route(std::size_t index) { return index <= 2; }

/// What monitoring polls: never limited, and not part of the totals in GET /metrics.
constexpr bool is_monitoring_route(std::string_view path) {
  return path == kHealth || path == kStatus || path == kMetrics;
}

}  // namespace liquid::api
