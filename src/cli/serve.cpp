#include "cli/serve.h"

#include <cstdio>

#include "api/access_log.h"
#include "api/admin.h"
#include "api/answer_routes.h"
#include "api/cors.h"
#include "api/identity.h"
#include "api/index_follower.h"
#include "api/pages.h"
#include "api/rate_limit.h"
#include "api/service_pages.h"
#include "api/version.h"
#include "base/log.h"
#include "cache/cache_layer.h"
#include "cli/serve_parts.h"
#include "cli/shutdown_limit.h"
#include "cli/stop_signals.h"

namespace liquid::cli {
namespace {

// The order in which a request passes the layers; those that are switched off are null.
std::vector<http::Layer*> in_order(std::initializer_list<http::Layer*> layers) {
  std::vector<http::Layer*> order;
  for (http::Layer* layer : layers) {
    if (layer != nullptr) order.push_back(layer);
  }
  return order;
}

std::vector<api::Endpoint> all_endpoints(const api::ServiceParts& service,
                                         const api::AdminParts& admin) {
  std::vector<api::Endpoint> all = api::service_endpoints(service);
  for (auto& endpoint : api::admin_endpoints(admin)) all.push_back(std::move(endpoint));
  for (auto& endpoint : api::page_endpoints()) all.push_back(std::move(endpoint));
  return all;
}

void announce(const ServeSettings& settings, const http::Server& server,
              const search::IndexTotals& totals) {
  const std::string scheme = settings.tls_certificate.empty() ? "http" : "https";
  const bool is_ipv6 = settings.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + settings.host + "]" : settings.host;
  const std::string url = scheme + "://" + host + ":" + std::to_string(server.port());
  log_event(LogLevel::info, "listening",
            {{"address", url},
             {"host", settings.host},
             {"port", static_cast<std::int64_t>(server.port())},
             {"documents", static_cast<std::int64_t>(totals.documents)},
             {"version", api::kVersion}});
  std::printf("%s\n", url.c_str());
  std::fflush(stdout);
}

// The first signal lets requests in flight end within `grace`, the second cuts.
void run_until_stopped(StopSignals& signals, http::Server& server, std::chrono::milliseconds grace,
                       std::initializer_list<WorkerPool*> workers) {
  ShutdownLimit limit;
  signals.listen([&](int count) {
    const auto left = count == 1 ? grace : std::chrono::milliseconds(0);
    log_event(LogLevel::info, "stopping", {{"grace_ms", static_cast<std::int64_t>(left.count())}});
    limit.start(left);
    server.stop(left);
  });
  server.run();
  for (WorkerPool* pool : workers) pool->drain();
  signals.stop_listening();
  log_event(LogLevel::info, "stopped");
  flush_log();
}

}  // namespace

Result<void> serve(const ServeSettings& settings) {
  StopSignals signals;  // first: every thread made after it leaves the signals alone
  const SystemClock clock;
  metrics::Registry registry;

  // Question → answer.
  auto index = open_index(settings);
  if (!index) return std::move(index).error();
  auto generator = open_generator(settings, clock, **index);
  if (!generator) return std::move(generator).error();
  const search::Retriever retriever(**index);
  const rag::Answerer answerer(retriever, **generator);
  api::IndexFollower follower(**index, api::answer_version(answerer));
  const api::AnswerParts parts{follower, retriever, answerer};

  // Answer → cache. Searches have workers of their own, so that they never wait behind a model.
  auto cache = cache::ResponseCache::open(cache_options(settings), clock);
  if (!cache) return std::move(cache).error();
  WorkerPool ask_workers(worker_options(settings, PoolUse::answers));
  WorkerPool search_workers(worker_options(settings, PoolUse::searches));

  // The layers around it.
  auto access_writer = open_access_log(settings);
  if (!access_writer) return std::move(access_writer).error();
  auto identity_options = read_identity(settings);
  if (!identity_options) return std::move(identity_options).error();
  const auto admin_key = identity_options->admin_key ? api::AdminKey::set : api::AdminKey::not_set;
  const auto limit_by =
      identity_options->keys.empty() ? api::LimitBy::address : api::LimitBy::tenant;

  api::AccessLog access_log(access_writer->get(), clock);
  api::Traffic traffic(registry, clock);
  const auto cors = make_cors(settings);
  api::Identity identity(std::move(*identity_options));
  const auto rate_limit = make_rate_limit(settings, limit_by, clock, registry);
  cache::CacheLayer ask_cache(**cache, api::ask_routes(parts), follower, ask_workers);
  cache::CacheLayer search_cache(**cache, api::search_routes(parts), follower, search_workers);

  const api::SystemReadings readings;
  const api::TrainingReadings training(training_options(settings, clock), clock);
  const api::ServiceParts service{traffic,  follower, **generator,    readings,
                                  training, registry, settings.index, clock};
  api::register_service_metrics(service, registry);
  api::register_cache_metrics(**cache, registry);
  register_pool_metrics(registry, ask_workers, search_workers);
  api::Router router(all_endpoints(service, {**cache, traffic, clock, admin_key}));

  http::ServerOptions listening = server_options(settings);
  listening.on_refusal = [&traffic](int status) { traffic.count_refusal(status); };
  auto server = http::Server::open(
      std::move(listening), in_order({&access_log, &traffic, cors.get(), &identity,
                                      rate_limit.get(), &ask_cache, &search_cache, &router}));
  if (!server) return std::move(server).error();
  register_server_metrics(registry, **server);

  announce(settings, **server, follower.totals());
  run_until_stopped(signals, **server, std::chrono::milliseconds(settings.shutdown_timeout_ms),
                    {&ask_workers, &search_workers});
  return {};
}

}  // namespace liquid::cli
