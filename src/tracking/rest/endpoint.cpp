#include "tracking/rest/endpoint.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <limits>

#include "base/digest.h"
#include "tracking/rest/json_text.h"
#include "tracking/rest/retry.h"
#include "tracking/rest/server_error.h"
#include "tracking/text_coding.h"

#ifndef LIQUID_VERSION
#define LIQUID_VERSION "0.0.0"
#endif

namespace liquid::tracking::rest {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectTimeout{10'000};
constexpr std::size_t kMaxResponseBytes = std::size_t{1} << 30U;  // 50000 runs of a search

bool is_worth_repeating(const Result<http::ClientResponse>& outcome) {
  if (outcome) return is_transient(outcome->status) && !is_permanent(*outcome);
  const ErrorCode code = outcome.error().code;
  return code == ErrorCode::unavailable || code == ErrorCode::deadline_exceeded;
}

Error with_attempts(Error error, int attempts) {
  if (attempts > 1) error.message += " (tried " + std::to_string(attempts) + " times)";
  return error;
}

}  // namespace

Endpoint::Endpoint(Address address, ServerAccess access, const Clock& clock, Sleeper sleep)
    : address_(std::move(address)),
      access_(std::move(access)),
      clock_(clock),
      sleep_(std::move(sleep)),
      headers_{{"User-Agent", "liquid/" LIQUID_VERSION}, {"Accept", "application/json"}},
      random_(std::minstd_rand(static_cast<std::minstd_rand::result_type>(process_seed()))) {
  if (std::string value = authorization(address_, access_); !value.empty()) {
    headers_.emplace_back("Authorization", std::move(value));
  }
  if (!access_.workspace.empty()) headers_.emplace_back("X-MLFLOW-WORKSPACE", access_.workspace);
}

Result<Answer> Endpoint::get(std::string_view path, const Query& query) {
  http::ClientRequest made = request("GET", path);
  char separator = '?';
  for (const auto& [name, value] : query) {
    made.url += separator + std::string(name) + '=' + percent_encoded(well_formed(value));
    separator = '&';
  }
  return exchange(made);
}

Result<Answer> Endpoint::post(std::string_view path, const boost::json::object& body) {
  return post_text(path, boost::json::serialize(body));
}

Result<Answer> Endpoint::post_text(std::string_view path, std::string body) {
  http::ClientRequest made = request("POST", path);
  made.body = std::move(body);
  return exchange(made);
}

Result<Answer> Endpoint::patch(std::string_view path, const boost::json::object& body) {
  http::ClientRequest made = request("PATCH", path);
  made.body = boost::json::serialize(body);
  return exchange(made);
}

Result<Answer> Endpoint::remove(std::string_view path, const boost::json::object& body) {
  http::ClientRequest made = request("DELETE", path);
  made.body = boost::json::serialize(body);
  return exchange(made);
}

http::ClientRequest Endpoint::request(std::string_view method, std::string_view path) const {
  http::ClientRequest made;
  made.method = method;
  made.url = address_.base + "/api/2.0/mlflow/" + std::string(path);
  made.headers = headers_;
  if (method != "GET") made.headers.emplace_back("Content-Type", "application/json");
  made.connect_timeout = std::min(kConnectTimeout, access_.timeout);
  made.total_timeout = access_.timeout;
  made.max_response_bytes = kMaxResponseBytes;
  made.tls = {.verify_certificate = access_.verify_certificate,
              .ca_file = access_.ca_file,
              .client_certificate = access_.client_certificate};
  made.stop = access_.stop;
  return made;
}

Result<Answer> Endpoint::exchange(const http::ClientRequest& request) {
  int attempts = 0;
  const Result<http::ClientResponse> response = send_until_answered(request, attempts);
  if (!response) return with_attempts(response.error(), attempts);
  Answer answer{.what = request.method + " " + request.url.substr(0, request.url.find('?')),
                .body = {}};
  if (response->status != 200 && response->status != 204) {
    return with_attempts(server_error(answer.what, *response), attempts);
  }
  const std::string_view body = response->body;
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || body.substr(start) == "200 OK") return answer;
  auto object = parse_object(body);
  if (!object) {
    return Error{ErrorCode::data_corrupt,
                 answer.what + (is_web_page(*response)
                                    ? ": answered with a web page instead of JSON: is this the "
                                      "address of an MLflow server?"
                                    : ": expected a JSON object, got: " + excerpt(body))};
  }
  answer.body = std::move(*object);
  return answer;
}

Result<http::ClientResponse> Endpoint::send_until_answered(const http::ClientRequest& request,
                                                           int& attempts) {
  for (attempts = 1;; ++attempts) {
    if (access_.stop.stop_requested()) {
      return Error{ErrorCode::cancelled, "asked to stop before " + request.method + " " +
                                             request.url.substr(0, request.url.find('?'))};
    }
    Result<http::ClientResponse> outcome = client_.send(request);
    if (attempts > access_.max_retries || !is_worth_repeating(outcome)) return outcome;
    const milliseconds pause = pause_after(outcome, attempts);
    if (pause > milliseconds(0)) sleep_(pause, access_.stop);
  }
}

milliseconds Endpoint::pause_after(const Result<http::ClientResponse>& outcome, int attempt) {
  if (outcome) {
    const auto asked = retry_after(outcome->header("retry-after"), clock_.wall());
    if (asked && *asked > milliseconds(0)) return *asked;
  }
  const double random = random_.with(
      [](std::minstd_rand& source) { return std::uniform_real_distribution<>(0, 1)(source); });
  return backoff(access_, attempt, random);
}

Result<void> done(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  return {};
}

}  // namespace liquid::tracking::rest
