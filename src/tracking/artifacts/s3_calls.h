#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "tracking/artifacts/s3_settings.h"
#include "tracking/artifacts/server_calls.h"
#include "tracking/artifacts/streamed_body.h"

namespace liquid::tracking::artifacts {

/// A request to one bucket.
struct S3Request {
  std::string method;
  std::string key;  ///< As it is, not encoded; empty: the bucket.
  Headers query;    ///< Names and values, not encoded, in any order.
  Headers headers;
  std::string body;
  Digest body_digest = sha256("");  ///< Of what is sent.
};

/// Signed calls to one bucket. Any thread.
class S3Calls {
 public:
  S3Calls(const std::string& bucket, S3Settings settings, ServerAccess access, Sleeper sleep);

  const S3Settings& settings() const { return settings_; }
  Attempts attempts() const { return calls_.attempts(); }
  /// Once; any status is an answer.
  Result<http::ClientResponse> try_once(const S3Request& request, http::TransferOptions options);
  /// Repeated; answers that are not 2xx are errors, and so are error documents in a 200.
  Result<http::ClientResponse> call(const S3Request& request, std::string_view doing,
                                    http::TransferOptions options = {});

 private:
  std::string url_of(const S3Request& request) const;
  http::ClientRequest http_request(const S3Request& request) const;

  const S3Settings settings_;
  std::string origin_;  // with the bucket, without '/' at the end
  ServerCalls calls_;
};

}  // namespace liquid::tracking::artifacts
