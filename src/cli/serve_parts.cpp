#include "cli/serve_parts.h"

#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "cli/rate_limit_text.h"
#include "generate/extractive.h"
#include "generate/openai.h"
#include "tracking/client/open_store.h"
#include "tracking/sqlite/database_path.h"

namespace liquid::cli {
namespace {

constexpr std::uint64_t kMaxKeyFileBytes = std::uint64_t{1024} * 1024;

cache::StoreLimits store_limits(const ServeSettings& settings) {
  return {.max_items = settings.cache_max_items,
          .max_bytes = settings.cache_max_bytes,
          .policy = cache::parse_eviction_policy(settings.cache_policy)
                        .value_or(cache::EvictionPolicy::sieve)};
}

cache::RouteOptions route_options(const ServeSettings& settings, const RouteSettings& route) {
  cache::RouteOptions options;
  if (route.ttl_seconds) options.ttl = std::chrono::seconds(*route.ttl_seconds);
  const std::uint64_t ttl = route.ttl_seconds.value_or(settings.cache_ttl_seconds);
  if (ttl == 0 || !settings.cache) {
    options.caching = cache::Caching::off;
    options.ttl.reset();
  }
  if (route.max_items || route.max_bytes || route.policy) {
    ServeSettings own = settings;
    own.cache_max_items = route.max_items.value_or(settings.cache_max_items);
    own.cache_max_bytes = route.max_bytes.value_or(settings.cache_max_bytes);
    own.cache_policy = route.policy.value_or(settings.cache_policy);
    options.store = store_limits(own);
  }
  return options;
}

Result<std::string> read_small_file(const std::string& path, std::string_view setting) {
  auto text = read_file(path, kMaxKeyFileBytes);
  if (!text) return std::move(text).error().with_context(setting);
  return text;
}

Result<std::unique_ptr<tracking::Store>> open_training_store(const std::string& uri,
                                                             std::stop_token stop,
                                                             const Clock& clock) {
  auto settings = tracking::settings_from(tracking::process_environment());
  if (!settings) return std::move(settings).error();
  if (!uri.empty()) settings->tracking_uri = uri;
  settings->access.stop = std::move(stop);
  if (settings->tracking_uri.starts_with("sqlite:")) {
    const auto path = tracking::sqlite::database_path(settings->tracking_uri);
    if (!path) return path.error();
    std::error_code error;
    if (!std::filesystem::exists(*path, error)) return std::unique_ptr<tracking::Store>();
  }
  return tracking::open_store(settings->tracking_uri, *settings, clock);
}

Result<std::string> admin_key(const ServeSettings& settings) {
  if (settings.admin_key_file.empty()) return settings.admin_key;
  auto text = read_small_file(settings.admin_key_file, "admin-key-file");
  if (!text) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) {
    return Error{ErrorCode::invalid_argument,
                 "admin-key-file: '" + settings.admin_key_file + "' is empty"};
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<search::ChunkIndex>> open_index(const ServeSettings& settings) {
  using search::ChunkIndex;
  using search::OpenMode;
  if (settings.create) {
    // Made, closed again, and opened for reading: `liquid index add` can write to it meanwhile.
    auto made = ChunkIndex::open(settings.index, OpenMode::create);
    if (!made && made.error().code != ErrorCode::conflict) return std::move(made).error();
  }
  auto index = ChunkIndex::open(settings.index, OpenMode::read_only);
  if (!index && index.error().code == ErrorCode::not_found) {
    return Error{ErrorCode::not_found, index.error().message +
                                           "\nMake it:  liquid index add --index " +
                                           settings.index + " PATH…   (or start with --create)"};
  }
  return index;
}

Result<std::unique_ptr<generate::Generator>> open_generator(const ServeSettings& settings,
                                                            const Clock& clock,
                                                            const search::ChunkIndex& index) {
  if (settings.generator == "extractive") {
    std::unique_ptr<generate::Generator> extractive =
        std::make_unique<generate::ExtractiveGenerator>(
            generate::ExtractiveOptions{.language = index.settings().language});
    return extractive;
  }
  const char* key = std::getenv("OPENAI_API_KEY");
  generate::OpenAiOptions options;
  options.base_url = settings.base_url;
  options.api_key = key == nullptr ? "" : key;
  options.chat.model = settings.model;
  options.chat.max_tokens = static_cast<unsigned>(settings.max_tokens);
  options.total_timeout = std::chrono::milliseconds(settings.generator_timeout_ms);
  options.retry.max_attempts = settings.generator_retries + 1;
  auto generator = generate::OpenAiGenerator::open(std::move(options), clock);
  if (!generator) return std::move(generator).error();
  return std::unique_ptr<generate::Generator>(std::move(*generator));
}

cache::CacheOptions cache_options(const ServeSettings& settings) {
  cache::CacheOptions options;
  options.caching = settings.cache ? cache::Caching::on : cache::Caching::off;
  // A time of 0 switches the routes off; the general one must still be a time.
  if (settings.cache_ttl_seconds > 0) {
    options.ttl = std::chrono::seconds(settings.cache_ttl_seconds);
  }
  options.store = store_limits(settings);
  options.max_waiters = settings.cache_max_waiters;
  for (std::size_t i = 0; i < kCachedPaths.size(); ++i) {
    options.routes.emplace(kCachedPaths[i], route_options(settings, settings.routes[i]));
  }
  return options;
}

http::ServerOptions server_options(const ServeSettings& settings) {
  using std::chrono::milliseconds;
  http::ServerOptions options;
  options.host = settings.host;
  options.port = static_cast<std::uint16_t>(settings.port);
  options.io_threads = static_cast<unsigned>(settings.io_threads);
  options.max_connections = settings.max_connections;
  options.max_head_bytes = settings.max_head_bytes;
  options.max_body_bytes = settings.max_body_bytes;
  options.head_timeout = milliseconds(settings.head_timeout_ms);
  options.body_timeout = milliseconds(settings.body_timeout_ms);
  options.idle_timeout = milliseconds(settings.idle_timeout_ms);
  options.write_timeout = milliseconds(settings.write_timeout_ms);
  options.answer_timeout = milliseconds(settings.answer_timeout_ms);
  if (!settings.tls_certificate.empty()) {
    options.tls = http::TlsOptions{settings.tls_certificate, settings.tls_key};
  }
  return options;
}

WorkerPool::Options worker_options(const ServeSettings& settings, PoolUse use) {
  const bool answers = use == PoolUse::answers;
  return {.name = answers ? "answer" : "search",
          .threads = answers ? settings.workers : settings.search_workers,
          .max_queued = settings.max_queued};
}

Result<std::unique_ptr<api::LineWriter>> open_access_log(const ServeSettings& settings) {
  if (settings.access_log == "off") return std::unique_ptr<api::LineWriter>();
  if (settings.access_log == "on") {
    return std::make_unique<api::LineWriter>(STDERR_FILENO, api::LineWriter::Ownership::borrowed);
  }
  auto writer = api::LineWriter::open(settings.access_log);
  if (!writer) return std::move(writer).error().with_context("access-log");
  return writer;
}

api::TrainingReadings::Options training_options(const ServeSettings& settings, const Clock& clock) {
  api::TrainingReadings::Options options;
  options.experiment = settings.tracking_experiment;
  options.open = [uri = settings.tracking_uri, &clock](std::stop_token stop) {
    return open_training_store(uri, std::move(stop), clock);
  };
  return options;
}

Result<api::IdentityOptions> read_identity(const ServeSettings& settings) {
  api::IdentityOptions options;
  if (settings.require_key) options.requirement = api::IdentityOptions::Requirement::required;
  auto key = admin_key(settings);
  if (!key) return std::move(key).error();
  if (!key->empty()) options.admin_key = sha256(*key);
  if (settings.api_keys.empty()) return options;

  auto text = read_small_file(settings.api_keys, "api-keys");
  if (!text) return std::move(text).error();
  auto keys = api::parse_tenant_keys(*text);
  if (!keys) return std::move(keys).error().with_context("api-keys: " + settings.api_keys);
  if (keys->empty()) {
    return Error{ErrorCode::invalid_argument, "api-keys: '" + settings.api_keys + "' holds no key"};
  }
  options.keys = std::move(*keys);
  return options;
}

std::unique_ptr<api::Cors> make_cors(const ServeSettings& settings) {
  if (settings.cors_origin.empty()) return nullptr;
  return std::make_unique<api::Cors>(settings.cors_origin);
}

std::unique_ptr<api::RateLimit> make_rate_limit(const ServeSettings& settings, api::LimitBy by,
                                                const Clock& clock, metrics::Registry& registry) {
  std::optional<api::RateLimitOptions> options;
  parse_rate_limit(settings.rate_limit, options);
  if (!options) return nullptr;
  options->max_clients = settings.rate_limit_clients;
  return std::make_unique<api::RateLimit>(*options, by, clock, registry);
}

void register_pool_metrics(metrics::Registry& registry, const WorkerPool& answers,
                           const WorkerPool& searches) {
  const auto add = [&registry](const WorkerPool& pool, const char* name) {
    registry.callback(metrics::Registry::Kind::gauge, "liquid_worker_queue_length",
                      "Work that waits for a worker, by pool.", {{"pool", name}},
                      [&pool] { return static_cast<double>(pool.queued()); });
  };
  add(answers, "answer");
  add(searches, "search");
}

void register_server_metrics(metrics::Registry& registry, const http::Server& server) {
  registry.callback(metrics::Registry::Kind::gauge, "liquid_http_connections",
                    "Connections open now.", {},
                    [&server] { return static_cast<double>(server.open_connections()); });
}

}  // namespace liquid::cli
