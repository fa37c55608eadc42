#pragma once

#include <string>
#include <utility>
#include <vector>

#include "http/layer.h"

namespace liquid::api {

/// An exchange as a connection would make it, for tests: keeps the text its views point at.
class TestExchange {
 public:
  explicit TestExchange(std::string path, http::Method method = http::Method::post)
      : path_(std::move(path)) {
    exchange_.request.method = method;
    exchange_.request.method_text = method == http::Method::get ? "GET" : "POST";
    exchange_.request.path = path_;
    exchange_.request.target = path_;
    exchange_.route = path_;
    exchange_.remote_address = "192.0.2.7";
    exchange_.request_id = "id-1";
    exchange_.tenant = "public";
    exchange_.received = Monotonic(std::chrono::hours(1));
  }
  TestExchange(const TestExchange&) = delete;
  TestExchange& operator=(const TestExchange&) = delete;

  TestExchange& header(std::string_view name, std::string_view value) {
    fields_.push_back({name, value});
    exchange_.request.headers = fields_;
    return *this;
  }
  TestExchange& body(std::string_view text) {
    exchange_.request.body = text;
    return *this;
  }
  TestExchange& query(std::string_view text) {
    exchange_.request.query = text;
    return *this;
  }
  TestExchange& from(std::string_view address) {
    exchange_.remote_address = address;
    exchange_.remote_is_loopback = address == "127.0.0.1" || address == "::1";
    return *this;
  }
  TestExchange& at(Monotonic time) {
    exchange_.received = time;
    return *this;
  }
  TestExchange& tenant(std::string name) {
    exchange_.tenant = std::move(name);
    return *this;
  }

  http::Exchange& operator*() { return exchange_; }
  http::Exchange* operator->() { return &exchange_; }

 private:
  std::string path_;
  std::vector<http::HeaderField> fields_;
  http::Exchange exchange_;
};

/// What a layer answered; status 0 when it let the request pass.
inline http::Response answer_of(http::Step step) {
  if (auto* response = std::get_if<http::Response>(&step)) return std::move(*response);
  http::Response passed;
  passed.status = 0;
  return passed;
}

}  // namespace liquid::api
