#include "tracking/artifacts/server_calls.h"

#include <algorithm>
#include <utility>

#include "tracking/rest/address.h"

namespace liquid::tracking::artifacts {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{10'000};
constexpr std::size_t kMaxAnswerBytes = std::size_t{32} << 20U;

}  // namespace

http::ClientRequest ServerCalls::foreign_request(std::string method, std::string url) const {
  http::ClientRequest made;
  made.method = std::move(method);
  made.url = std::move(url);
  made.max_response_bytes = kMaxAnswerBytes;
  made.stop = access_.stop;
  made.tls = foreign_tls_;
  made.connect_timeout = std::min(kConnectTimeout, access_.timeout);
  return made;
}

http::ClientRequest ServerCalls::request(std::string method, std::string url) const {
  http::ClientRequest made = foreign_request(std::move(method), std::move(url));
  made.tls = {.verify_certificate = access_.verify_certificate,
              .ca_file = access_.ca_file,
              .client_certificate = access_.client_certificate};
  if (std::string value = rest::authorization({}, access_); !value.empty()) {
    made.headers.emplace_back("Authorization", std::move(value));
  }
  if (!access_.workspace.empty()) {
    made.headers.emplace_back("X-MLFLOW-WORKSPACE", access_.workspace);
  }
  return made;
}

Result<http::ClientResponse> ServerCalls::try_once(const http::ClientRequest& request,
                                                   http::TransferOptions options) {
  options.stall_timeout = access_.timeout;
  return client_.transfer(request, options);
}

Result<http::ClientResponse> ServerCalls::call(const http::ClientRequest& request,
                                               std::string_view doing,
                                               const http::TransferOptions& options) {
  Attempts attempts = this->attempts();
  for (;;) {
    Result<http::ClientResponse> outcome = try_once(request, options);
    if (outcome && outcome->status / 100 == 2) return outcome;
    if (attempts.again(outcome)) continue;
    if (!outcome) return std::move(outcome).error().with_context(doing);
    return error_of(*outcome, doing);
  }
}

}  // namespace liquid::tracking::artifacts
