#pragma once

// For tests only: a server that answers what the test wrote down, and remembers what it was asked.

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "http/server_fixture.h"
#include "tracking/rest/rest_store.h"

namespace liquid::tracking::rest {

struct Asked {
  std::string line;  ///< "POST /api/2.0/mlflow/runs/create"
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (http::equals_ignoring_case(key, name)) return value;
    }
    return {};
  }
};

/// Answers with the scripted replies in turn; with the last one for ever.
class ScriptedServer {
 public:
  explicit ScriptedServer(http::ServerOptions options = {})
      : scheme_(options.tls ? "https" : "http"), server_(std::move(options), {&layer_}) {}

  std::string url(std::string_view prefix = "") {
    return scheme_ + "://localhost:" + std::to_string(server_->port()) + std::string(prefix);
  }

  ScriptedServer& answer(int status, std::string body) {
    return answer(http::json_response(status, std::move(body)));
  }
  ScriptedServer& answer(http::Response response) {
    replies_.with([&](auto& replies) { replies.push_back(std::move(response)); });
    return *this;
  }
  ScriptedServer& answer_error(int status, std::string_view code, std::string_view message) {
    return answer(status, R"({"error_code": ")" + std::string(code) + R"(", "message": ")" +
                              std::string(message) + "\"}");
  }

  std::vector<Asked> asked() {
    return asked_.with([](auto& asked) { return asked; });
  }
  Asked last() { return asked().back(); }
  std::size_t connections() { return server_->open_connections(); }

 private:
  http::Step take(http::Exchange& exchange) {
    Asked asked{
        std::string(exchange.request.method_text) + " " + std::string(exchange.request.target),
        std::string(exchange.request.body),
        {}};
    for (const http::HeaderField& field : exchange.request.headers) {
      asked.headers.emplace_back(field.name, field.value);
    }
    asked_.with([&](auto& all) { all.push_back(std::move(asked)); });
    return replies_.with([](auto& replies) {
      if (replies.empty()) return http::json_response(200, "{}");
      http::Response response = replies.front();
      if (replies.size() > 1) replies.pop_front();
      return response;
    });
  }

  std::string scheme_;
  Guarded<std::vector<Asked>> asked_;
  Guarded<std::deque<http::Response>> replies_;
  http::AnswerWith layer_{[this](http::Exchange& exchange) { return take(exchange); }};
  http::RunningServer server_;
};

/// A store of a scripted server, which notes how long it would have waited.
class RestStoreTest : public testing::Test {
 protected:
  void open(std::string_view prefix = "") { store_ = open_at(server_.url(prefix)).value(); }
  Result<std::unique_ptr<Store>> open_at(const std::string& uri) {
    return open_rest_store(uri, settings_, clock_,
                           [this](std::chrono::milliseconds pause, const std::stop_token&) {
                             pauses_.push_back(pause);
                             if (while_waiting_) while_waiting_();
                           });
  }
  Store& store() {
    if (!store_) open();
    return *store_;
  }

  ScriptedServer server_;
  Settings settings_;
  ManualClock clock_;
  std::vector<std::chrono::milliseconds> pauses_;
  std::function<void()> while_waiting_;
  std::unique_ptr<Store> store_;
};

}  // namespace liquid::tracking::rest
