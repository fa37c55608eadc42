#pragma once

#include <memory>

#include "api/cors.h"
#include "api/identity.h"
#include "api/line_writer.h"
#include "api/rate_limit.h"
#include "api/training_readings.h"
#include "base/clock.h"
#include "base/worker_pool.h"
#include "cache/cache_options.h"
#include "cli/serve_settings.h"
#include "generate/generator.h"
#include "http/server.h"
#include "metrics/registry.h"
#include "search/chunk_index.h"

namespace liquid::cli {

/// What `serve` is made of, each from its own part of the settings. Where a function can fail, its
/// error names the setting or the file.
Result<std::unique_ptr<search::ChunkIndex>> open_index(const ServeSettings& settings);
Result<std::unique_ptr<generate::Generator>> open_generator(const ServeSettings& settings,
                                                            const Clock& clock,
                                                            const search::ChunkIndex& index);
cache::CacheOptions cache_options(const ServeSettings& settings);
http::ServerOptions server_options(const ServeSettings& settings);

enum class PoolUse { answers, searches };
WorkerPool::Options worker_options(const ServeSettings& settings, PoolUse use);

/// Null when it is off.
Result<std::unique_ptr<api::LineWriter>> open_access_log(const ServeSettings& settings);
/// Where the figures about experiments come from. A database file that does not exist is no store:
/// a server makes none.
api::TrainingReadings::Options training_options(const ServeSettings& settings, const Clock& clock);
/// API keys and admin key.
Result<api::IdentityOptions> read_identity(const ServeSettings& settings);
/// Null without origins.
std::unique_ptr<api::Cors> make_cors(const ServeSettings& settings);
/// Null without a limit.
std::unique_ptr<api::RateLimit> make_rate_limit(const ServeSettings& settings, api::LimitBy by,
                                                const Clock& clock, metrics::Registry& registry);

void register_pool_metrics(metrics::Registry& registry, const WorkerPool& answers,
                           const WorkerPool& searches);
void register_server_metrics(metrics::Registry& registry, const http::Server& server);

}  // namespace liquid::cli
