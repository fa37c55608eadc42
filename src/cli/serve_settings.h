#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace liquid::cli {

/// Where the index lies when nobody says otherwise.
inline constexpr const char* kDefaultIndex = "liquid-index";

/// The cached routes, in the order of `ServeSettings::routes`.
inline constexpr std::array<const char*, 3> kCachedPaths = {"/ask", "/ask/simple", "/search"};

/// What one cached route does differently; nothing set: as all routes.
struct RouteSettings {
  std::optional<std::uint64_t> ttl_seconds;  ///< 0: not cached.
  std::optional<std::uint64_t> max_items;
  std::optional<std::uint64_t> max_bytes;
  std::optional<std::string> policy;
};

/// Everything `liquid serve` can be told. The defaults here are the documented ones; what each
/// field means and accepts stands in the table in setting_table.cpp.
struct ServeSettings {
  std::string index = kDefaultIndex;
  bool create = false;
  std::string host = "127.0.0.1";
  std::uint64_t port = 8000;

  std::string generator = "extractive";
  std::string base_url;
  std::string model;
  std::uint64_t max_tokens = 512;
  std::uint64_t generator_timeout_ms = 60'000;
  std::uint64_t generator_retries = 2;

  bool cache = true;
  std::uint64_t cache_ttl_seconds = 300;
  std::uint64_t cache_max_items = 1000;
  std::uint64_t cache_max_bytes = std::uint64_t{64} * 1024 * 1024;
  std::string cache_policy = "sieve";
  std::uint64_t cache_max_waiters = 1024;
  std::array<RouteSettings, kCachedPaths.size()> routes;

  std::string rate_limit = "100/60";
  std::uint64_t rate_limit_clients = 65'536;
  std::string api_keys;  ///< A file.
  bool require_key = false;
  std::string admin_key;
  std::string admin_key_file;
  std::vector<std::string> cors_origin;

  std::string log_level = "info";
  std::string access_log = "on";

  std::uint64_t io_threads = 1;
  std::uint64_t workers = 4;
  std::uint64_t search_workers = 2;
  std::uint64_t max_queued = 256;
  std::uint64_t max_connections = 10'000;
  std::uint64_t max_head_bytes = std::uint64_t{16} * 1024;
  std::uint64_t max_body_bytes = std::uint64_t{1024} * 1024;
  std::uint64_t head_timeout_ms = 10'000;
  std::uint64_t body_timeout_ms = 30'000;
  std::uint64_t idle_timeout_ms = 75'000;
  std::uint64_t write_timeout_ms = 30'000;
  std::uint64_t answer_timeout_ms = 120'000;
  std::uint64_t shutdown_timeout_ms = 10'000;

  std::string tracking_uri;  ///< Empty: as MLflow's variables say.
  std::string tracking_experiment = "liquid-ft-training";

  std::string tls_certificate;
  std::string tls_key;
};

}  // namespace liquid::cli
