#include "tracking/artifacts/attempts.h"

#include <optional>
#include <random>
#include <string>

#include "base/digest.h"
#include "tracking/artifacts/s3_xml.h"
#include "tracking/error_names.h"
#include "tracking/rest/retry.h"
#include "tracking/rest/server_error.h"

namespace liquid::tracking::artifacts {
namespace {

using std::chrono::milliseconds;

bool may_succeed_later(const Result<http::ClientResponse>& outcome) {
  if (outcome) return rest::is_transient(outcome->status) && !rest::is_permanent(*outcome);
  const ErrorCode code = outcome.error().code;
  return code == ErrorCode::unavailable || code == ErrorCode::deadline_exceeded;
}

double random_share() {
  thread_local std::minstd_rand generator{
      static_cast<std::minstd_rand::result_type>(process_seed() | 1U)};
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

ErrorCode code_of_fault(std::string_view code, int status) {
  if (code == "NoSuchKey" || code == "NoSuchBucket" || code == "NoSuchUpload") {
    return ErrorCode::not_found;
  }
  if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" || code == "ExpiredToken" ||
      code == "InvalidToken") {
    return ErrorCode::unauthenticated;
  }
  return error_code_from("", status);
}

}  // namespace

bool Attempts::again(const Result<http::ClientResponse>& outcome) {
  if (!may_succeed_later(outcome) || failures_ >= access_.max_retries) return false;
  ++failures_;
  std::optional<milliseconds> pause;
  if (outcome) {
    pause = rest::retry_after(outcome->header("retry-after"), std::chrono::system_clock::now());
  }
  const milliseconds wait = pause.value_or(rest::backoff(access_, failures_, random_share()));
  if (wait > milliseconds(0)) sleep_(wait, access_.stop);
  return !access_.stop.stop_requested();
}

Error error_of(const http::ClientResponse& response, std::string_view doing) {
  if (const auto fault = parse_fault(response.body)) {
    return Error{code_of_fault(fault->code, response.status),
                 std::string(doing) + ": " + fault->code + ": " + fault->message};
  }
  Error error = rest::server_error("the server", response).with_context(doing);
  if (response.status == 404 && error.code == ErrorCode::unsupported) {
    error.code = ErrorCode::not_found;  // a plain web server has no name for it
  }
  return error;
}

}  // namespace liquid::tracking::artifacts
