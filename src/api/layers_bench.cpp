// What the layers around the cache cost a hit: one exchange passes all of them, in and out, as it
// would on an I/O thread. Run: build/release/src/api/api_layers_bench
#include <benchmark/benchmark.h>

#include "api/access_log.h"
#include "api/cors.h"
#include "api/identity.h"
#include "api/rate_limit.h"
#include "api/test_exchange.h"
#include "api/traffic.h"

namespace liquid::api {
namespace {

http::Response hit() {
  http::Response response;
  response.headers.text() = "X-Cache: HIT\r\nX-Cache-Age: 12\r\nAge: 12\r\n";
  return response;
}

void pass(std::vector<http::Layer*>& layers, http::Exchange& exchange, http::Response& response) {
  for (http::Layer* layer : layers) benchmark::DoNotOptimize(layer->enter(exchange));
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    (*layer)->leave(exchange, response);
  }
}

struct World {
  SystemClock clock;
  metrics::Registry registry;
  AccessLog access_log{nullptr, clock};
  Traffic traffic{registry, clock};
  Cors cors{{"https://app.example"}};
  Identity identity{{}};
  RateLimit rate_limit{
      {1'000'000, std::chrono::seconds(1), 65'536}, LimitBy::address, clock, registry};
};

void run(benchmark::State& state, std::vector<http::Layer*> layers, std::string_view credential) {
  TestExchange exchange("/search");
  exchange.header("Host", "127.0.0.1").header("Content-Type", "application/json");
  if (!credential.empty()) exchange.header("Authorization", credential);
  exchange->cache_outcome = http::CacheOutcome::hit;
  for (auto unused : state) {
    (void)unused;
    exchange->received = std::chrono::steady_clock::now();
    http::Response response = hit();
    pass(layers, *exchange, response);
    benchmark::DoNotOptimize(response.headers.text().data());
  }
}

void nothing(benchmark::State& state) { run(state, {}, {}); }
BENCHMARK(nothing);

void access_log(benchmark::State& state) {
  World world;
  run(state, {&world.access_log}, {});
}
BENCHMARK(access_log);

void traffic(benchmark::State& state) {
  World world;
  run(state, {&world.traffic}, {});
}
BENCHMARK(traffic);

void identity_public(benchmark::State& state) {
  World world;
  run(state, {&world.identity}, {});
}
BENCHMARK(identity_public);

void identity_with_credential(benchmark::State& state) {
  World world;
  run(state, {&world.identity}, "Bearer 0123456789abcdef0123456789abcdef");
}
BENCHMARK(identity_with_credential);

void rate_limit(benchmark::State& state) {
  World world;
  run(state, {&world.rate_limit}, {});
}
BENCHMARK(rate_limit);

void all(benchmark::State& state) {
  World world;
  run(state, {&world.access_log, &world.traffic, &world.identity, &world.rate_limit}, {});
}
BENCHMARK(all);

void all_with_cors_and_credential(benchmark::State& state) {
  World world;
  run(state, {&world.access_log, &world.traffic, &world.cors, &world.identity, &world.rate_limit},
      "Bearer 0123456789abcdef0123456789abcdef");
}
BENCHMARK(all_with_cors_and_credential);

void counter(benchmark::State& state) {
  metrics::Counter counter;
  for (auto unused : state) {
    (void)unused;
    counter.add();
  }
}
BENCHMARK(counter)->Threads(1)->Threads(2);

void histogram(benchmark::State& state) {
  metrics::Histogram histogram(metrics::request_seconds_bounds());
  for (auto unused : state) {
    (void)unused;
    histogram.observe(0.0004);
  }
}
BENCHMARK(histogram);

}  // namespace
}  // namespace liquid::api

BENCHMARK_MAIN();
