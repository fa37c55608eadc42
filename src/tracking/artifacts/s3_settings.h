#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "tracking/settings.h"

namespace liquid::tracking::artifacts {

/// How S3 is reached and who asks, from the environment and the files of AWS's own tools.
struct S3Settings {
  std::string endpoint;  ///< "https://host[:port][/prefix]"; empty: AWS's of the region.
  enum class Addressing { path, virtual_host } addressing = Addressing::virtual_host;
  std::optional<http::AwsSignature> signature;  ///< Nothing: unsigned, for public buckets.
  http::TlsChoice tls;
  std::string bucket_owner;  ///< MLFLOW_S3_EXPECTED_BUCKET_OWNER
  /// MLFLOW_S3_UPLOAD_EXTRA_ARGS as headers of an upload.
  std::vector<std::pair<std::string, std::string>> upload_headers;
  std::string region;
};

/// Credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; else the profile
/// (AWS_PROFILE, "default") of ~/.aws/credentials or ~/.aws/config. Region: AWS_DEFAULT_REGION,
/// AWS_REGION, the profile's, us-east-1. Endpoint: MLFLOW_S3_ENDPOINT_URL, AWS_ENDPOINT_URL_S3,
/// AWS_ENDPOINT_URL. Errors: unauthenticated (no credentials), invalid_argument and unsupported
/// naming the variable; those of the files.
Result<S3Settings> s3_settings_from(const Environment& environment);

/// TLS for stores other than the tracking server: MLFLOW_S3_IGNORE_TLS, AWS_CA_BUNDLE.
Result<http::TlsChoice> s3_tls_from(const Environment& environment);

/// The value of a key of a section of one of AWS's files; nothing when it is not there.
std::optional<std::string> profile_value(std::string_view text, std::string_view section,
                                         std::string_view key);

}  // namespace liquid::tracking::artifacts
