#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/worker_pool.h"
#include "cache/cache_layer.h"
#include "cache/response_cache.h"
#include "http/layer.h"

namespace liquid::cache {

/// An index whose state a test sets.
class FakeIndex final : public IndexState {
 public:
  struct State {
    Digest epoch = sha256("epoch 1");
    Digest version = sha256("version 1");
    bool is_behind = false;
  };

  bool current_epoch(Digest& epoch) const override {
    return state_.with([&](const State& state) {
      epoch = state.epoch;
      return !state.is_behind;
    });
  }
  Digest answer_version() const override {
    return state_.with([](const State& state) { return state.version; });
  }
  Digest epoch() const {
    return state_.with([](const State& state) { return state.epoch; });
  }
  void move_to(std::string_view epoch) {
    state_.with([&](State& state) { state.epoch = sha256(epoch); });
  }
  void set_version(std::string_view version) {
    state_.with([&](State& state) { state.version = sha256(version); });
  }
  void set_behind(bool is_behind) {
    state_.with([&](State& state) { state.is_behind = is_behind; });
  }

 private:
  Guarded<State> state_;
};

/// Holds up computations until it is opened, and tells when one has arrived.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    is_open_ = false;
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      is_open_ = true;
    }
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  void wait_for_arrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  int arrived_ = 0;
};

/// What a client gets.
struct Reply {
  int status = 0;
  std::string body;
  http::HeaderBlock headers;
  http::CacheOutcome outcome = http::CacheOutcome::none;

  std::string header(std::string_view name) const { return std::string(headers.find(name)); }
  std::string x_cache() const { return header("X-Cache"); }
};

/// A request that may still be on its way.
class Sent {
 public:
  explicit Sent(std::future<Reply> reply) : reply_(std::move(reply)) {}
  Reply get() { return reply_.get(); }
  bool is_answered() const {
    return reply_.wait_for(std::chrono::seconds::zero()) == std::future_status::ready;
  }

 private:
  std::future<Reply> reply_;
};

/// A cache layer over two routes ("/ask", "/search") whose answers the test decides. A body is in
/// canonical form once its blanks are gone; "bad" is refused with 422.
class LayerFixture {
 public:
  struct Setup {
    CacheOptions options = {};
    std::size_t workers = 4;
    std::size_t queued = 256;
  };

  LayerFixture() { open({}); }
  explicit LayerFixture(Setup setup) { open(std::move(setup)); }
  ~LayerFixture() {
    gate.open();
    pool->drain();
  }

  struct Ask {
    std::string body = "question";
    std::string tenant = "public";
    std::string path = "/ask";
    std::vector<http::HeaderField> headers = {};
    http::Method method = http::Method::post;
  };

  /// Sends a request and returns at once.
  Sent send(const Ask& ask) {
    http::Exchange exchange;
    exchange.request.method = ask.method;
    exchange.request.path = exchange.request.target = ask.path;
    exchange.request.body = ask.body;
    exchange.request.headers = ask.headers;
    exchange.tenant = ask.tenant;
    http::Step step = layer->enter(exchange);
    auto promise = std::make_shared<std::promise<Reply>>();
    Sent sent(promise->get_future());
    if (auto* deferred = std::get_if<http::Deferred>(&step)) {
      deferred->start([promise](const http::Response& response, http::CacheOutcome outcome) {
        promise->set_value(read(response, outcome));
      });
    } else if (auto* response = std::get_if<http::Response>(&step)) {
      promise->set_value(read(*response, exchange.cache_outcome));
    } else {
      promise->set_value({});  // status 0: passed on to the next layer
    }
    return sent;
  }
  Reply call(const Ask& ask) { return send(ask).get(); }
  Reply ask(std::string body = "question") { return send({.body = std::move(body)}).get(); }
  Reply ask_with(std::string_view name, std::string_view value, std::string body = "question") {
    return send({.body = std::move(body), .headers = {{name, value}}}).get();
  }

  CacheStats stats() const { return cache->stats(); }

  ManualClock clock;
  FakeIndex index;
  Gate gate;
  std::atomic<int> computed = 0;
  std::atomic<int> retrieved = 0;
  std::atomic<int> canonicalized = 0;
  std::atomic<int> status = 200;
  std::atomic<bool> evidence_is_known = true;
  Guarded<std::string> evidence{"evidence 1"};
  Guarded<std::vector<std::string>> documents{{"doc"}};
  std::unique_ptr<ResponseCache> cache;
  std::unique_ptr<WorkerPool> pool;
  std::unique_ptr<CacheLayer> layer;

 private:
  void open(Setup setup) {
    setup.options.sweep_interval = std::chrono::milliseconds::zero();
    auto opened = ResponseCache::open(std::move(setup.options), clock);
    EXPECT_TRUE(opened.has_value());
    cache = std::move(opened).value();
    pool = std::make_unique<WorkerPool>(WorkerPool::Options{
        .name = "answers", .threads = setup.workers, .max_queued = setup.queued});
    layer = std::make_unique<CacheLayer>(
        *cache, std::vector<CachedRoute>{route("/ask"), route("/search")}, index, *pool);
  }
  CachedRoute route(std::string_view path) {
    return {.path = path,
            .canonicalize = [this](const http::Request& request) { return canonicalize(request); },
            .compute = [this](const std::string& canonical) { return compute(canonical); },
            .current_evidence = [this](const std::string&) { return current_evidence(); }};
  }
  std::variant<std::string, http::Response> canonicalize(const http::Request& request) {
    ++canonicalized;
    if (request.body == "bad") return http::json_response(422, R"({"detail":[]})");
    std::string canonical(request.body);
    std::erase(canonical, ' ');
    return canonical;
  }
  Computed compute(const std::string& canonical) {
    const int number = ++computed;
    // As a search does: the state of the index is taken first, the work follows.
    Computed answer{.response = {}, .provenance = {index.epoch(), now_evidence(), {}}};
    answer.provenance.document_ids =
        documents.with([](const std::vector<std::string>& ids) { return ids; });
    gate.pass();
    clock.advance(std::chrono::milliseconds(2));
    answer.response =
        http::json_response(status, "answer " + std::to_string(number) + " to " + canonical);
    answer.response.headers.add("Set-Cookie", "session=1");
    return answer;
  }
  CachedRoute::Evidence current_evidence() {
    ++retrieved;
    gate.pass();
    index.set_behind(false);
    return {.ok = evidence_is_known, .epoch = index.epoch(), .evidence = now_evidence()};
  }
  Digest now_evidence() const {
    return evidence.with([](const std::string& text) { return sha256(text); });
  }
  static Reply read(const http::Response& response, http::CacheOutcome outcome) {
    Reply reply{.status = response.status,
                .body = std::string(response.content()),
                .headers = response.headers,
                .outcome = outcome};
    if (response.stored) reply.headers.text() += response.stored->head.text();
    return reply;
  }
};

}  // namespace liquid::cache
