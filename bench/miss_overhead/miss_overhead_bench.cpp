// What the cache adds to a miss, and what its layer costs on a hit.
//   liquid_miss_overhead_bench [--json] [--pairs N] [--compute-us N]
//
// A miss is timed from `enter` to the completion on the worker, with caching on, with caching off,
// and with no cache layer at all (the same computation handed to the same pool); the three follow
// each other for every question, and the medians of the differences inside a triple are reported.

#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/worker_pool.h"
#include "cache/cache_layer.h"
#include "cache/response_cache.h"

namespace liquid::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr std::size_t kBodyBytes = 2048;
constexpr std::size_t kQuestionBytes = 300;

class ConstantIndex final : public cache::IndexState {
 public:
  bool current_epoch(Digest& epoch) const override {
    epoch = epoch_;
    return true;
  }
  Digest answer_version() const override { return version_; }
  Digest epoch() const { return epoch_; }

 private:
  Digest epoch_ = sha256("epoch");
  Digest version_ = sha256("version");
};

// What this thread has computed; unlike the wall clock it leaves out other programs' turns.
double thread_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Burns processor time, as a computation does.
void work_for(std::chrono::microseconds time) {
  const auto end = SteadyClock::now() + time;
  while (SteadyClock::now() < end) {
  }
}

cache::CachedRoute stub_route(const ConstantIndex& index, std::chrono::microseconds time) {
  return {.path = "/ask",
          .canonicalize = [](const http::Request& request) { return std::string(request.body); },
          .compute =
              [&index, time](const std::string& canonical) {
                work_for(time);
                std::string body = canonical;
                body.resize(kBodyBytes, '.');
                return cache::Computed{
                    .response = http::json_response(200, std::move(body)),
                    .provenance = {index.epoch(), sha256(canonical), {"a.md", "b.md", "c.md"}}};
              },
          .current_evidence = {}};
}

cache::CacheOptions options_with(cache::Caching caching) {
  cache::CacheOptions options;
  options.caching = caching;
  return options;
}

/// One way to answer a question.
class House {
 public:
  House(cache::Caching caching, const ConstantIndex& index, WorkerPool& pool,
        std::chrono::microseconds compute_time)
      : cache_(cache::ResponseCache::open(options_with(caching), clock_).value_or(nullptr)),
        layer_(*cache_, {stub_route(index, compute_time)}, index, pool) {}

  http::Step enter(const std::string& question) {
    static constexpr std::array<http::HeaderField, 6> kHeaders{{
        {"Host", "127.0.0.1:8000"},
        {"User-Agent", "bench"},
        {"Accept", "application/json"},
        {"Content-Type", "application/json"},
        {"Content-Length", "300"},
        {"Connection", "keep-alive"},
    }};
    http::Exchange exchange;
    exchange.request.method = http::Method::post;
    exchange.request.path = exchange.request.target = "/ask";
    exchange.request.headers = kHeaders;
    exchange.request.body = question;
    exchange.tenant = "public";
    return layer_.enter(exchange);
  }

 private:
  SystemClock clock_;
  std::unique_ptr<cache::ResponseCache> cache_;
  cache::CacheLayer layer_;
};

/// Waits without sleeping, so that waking up is not measured.
void spin_until(const std::atomic<bool>& done) {
  while (!done.load(std::memory_order_acquire)) std::this_thread::yield();
}

double time_miss(House& house, const std::string& question) {
  std::atomic<bool> done = false;
  SteadyClock::time_point end;
  const auto begin = SteadyClock::now();
  http::Step step = house.enter(question);
  std::get<http::Deferred>(step).start([&](const http::Response&, http::CacheOutcome) {
    end = SteadyClock::now();
    done.store(true, std::memory_order_release);
  });
  spin_until(done);
  return Microseconds(end - begin).count();
}

double time_without_layer(const cache::CachedRoute& route, WorkerPool& pool,
                          const std::string& question) {
  std::atomic<bool> done = false;
  SteadyClock::time_point end;
  const auto begin = SteadyClock::now();
  const bool taken = pool.try_submit([&] {
    const cache::Computed computed = route.compute(question);
    end = SteadyClock::now();
    done.store(computed.response.status == 200, std::memory_order_release);
  });
  if (!taken) std::abort();
  spin_until(done);
  return Microseconds(end - begin).count();
}

std::string question(int number) {
  std::string text = "{\"question\":\"" + std::to_string(number) + "\"}";
  text.resize(kQuestionBytes, ' ');
  return text;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct MissOverhead {
  int compute_us;
  double on_us;
  double off_us;
  double bare_us;
  double added_us;          ///< On against off.
  double added_to_bare_us;  ///< On against no layer at all.
};

MissOverhead measure_misses(const ConstantIndex& index, std::chrono::microseconds time, int pairs) {
  WorkerPool pool({.name = "answers", .threads = 1, .max_queued = 16});
  House on(cache::Caching::on, index, pool, time);
  House off(cache::Caching::off, index, pool, time);
  const cache::CachedRoute bare = stub_route(index, time);
  std::vector<double> with;
  std::vector<double> without;
  std::vector<double> alone;
  std::vector<double> added;
  std::vector<double> added_to_bare;
  // More questions than the cache holds: most of the misses evict.
  for (int i = 0; i < pairs; ++i) {
    const std::string asked = question(i);
    const bool on_first = i % 2 == 0;
    if (on_first) with.push_back(time_miss(on, asked));
    without.push_back(time_miss(off, asked));
    alone.push_back(time_without_layer(bare, pool, asked));
    if (!on_first) with.push_back(time_miss(on, asked));
    added.push_back(with.back() - without.back());
    added_to_bare.push_back(with.back() - alone.back());
  }
  pool.drain();
  return {
      static_cast<int>(time.count()), median(with), median(without), median(alone), median(added),
      median(added_to_bare)};
}

struct HitCost {
  double enter_ns;      ///< Of `CacheLayer::enter` with the very bytes seen before.
  double respelled_ns;  ///< With a body that has to be canonicalized (here: copied).
};

double time_hits(House& house, const std::vector<std::string>& bodies, int hits) {
  std::vector<double> rounds;
  for (int round = 0; round < 11; ++round) {
    const double begin = thread_nanoseconds();
    for (int i = 0; i < hits; ++i) {
      const http::Step step = house.enter(bodies[static_cast<std::size_t>(i) % bodies.size()]);
      if (!std::holds_alternative<http::Response>(step)) std::abort();
    }
    rounds.push_back((thread_nanoseconds() - begin) / hits);
  }
  return median(rounds);
}

HitCost measure_hits(const ConstantIndex& index) {
  constexpr int kHits = 100'000;
  constexpr int kQuestions = 100;
  WorkerPool pool({.name = "answers", .threads = 1, .max_queued = 16});
  House house(cache::Caching::on, index, pool, std::chrono::microseconds(0));
  std::vector<std::string> bodies;
  std::vector<std::string> long_bodies;  // too long to be remembered: always canonicalized
  for (int i = 0; i < kQuestions; ++i) {
    bodies.push_back(question(i));
    long_bodies.push_back(question(i) + std::string(4096, ' '));
    time_miss(house, bodies.back());
    time_miss(house, long_bodies.back());
  }
  const HitCost cost{time_hits(house, bodies, kHits), time_hits(house, long_bodies, kHits)};
  pool.drain();
  return cost;
}

void print_tables(const std::vector<MissOverhead>& misses, const HitCost& hit) {
  fmt::print("median µs of a miss: cache on, off, no layer; added to off, added to no layer\n");
  for (const MissOverhead& row : misses) {
    fmt::print("  computation {:4} µs: {:7.1f} {:7.1f} {:7.1f}   {:+.1f} {:+.1f}\n", row.compute_us,
               row.on_us, row.off_us, row.bare_us, row.added_us, row.added_to_bare_us);
  }
  fmt::print("the layer's time on a hit: {:.0f} ns; with a 4 KiB body to read {:.0f} ns\n",
             hit.enter_ns, hit.respelled_ns);
}

void print_json(const std::vector<MissOverhead>& misses, const HitCost& hit) {
  std::string rows;
  for (const MissOverhead& row : misses) {
    rows += fmt::format(
        R"({}{{"compute_us":{},"on_us":{:.2f},"off_us":{:.2f},"bare_us":{:.2f},"added_us":{:.2f},"added_to_bare_us":{:.2f}}})",
        rows.empty() ? "" : ",", row.compute_us, row.on_us, row.off_us, row.bare_us, row.added_us,
        row.added_to_bare_us);
  }
  fmt::print(R"({{"misses":[{}],"hit_enter_ns":{:.1f},"hit_long_body_ns":{:.1f}}})"
             "\n",
             rows, hit.enter_ns, hit.respelled_ns);
}

int run(int argc, char** argv) {
  CLI::App app{"What the cache adds to a miss, and what its layer costs on a hit"};
  bool as_json = false;
  int pairs = 3'000;
  int compute_us = 300;
  app.add_flag("--json", as_json, "one JSON object instead of tables");
  app.add_option("--pairs", pairs, "misses of each kind")->check(CLI::Range(10, 1'000'000));
  app.add_option("--compute-us", compute_us, "what a computation takes")
      ->check(CLI::Range(1, 1'000'000));
  CLI11_PARSE(app, argc, argv);
  const ConstantIndex index;
  const std::vector<MissOverhead> misses{
      measure_misses(index, std::chrono::microseconds(0), pairs),
      measure_misses(index, std::chrono::microseconds(compute_us), pairs)};
  const HitCost hit = measure_hits(index);
  if (as_json) {
    print_json(misses, hit);
  } else {
    print_tables(misses, hit);
  }
  return 0;
}

}  // namespace
}  // namespace liquid::bench

int main(int argc, char** argv) { return liquid::bench::run(argc, argv); }
