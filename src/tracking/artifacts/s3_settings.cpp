#include "tracking/artifacts/s3_settings.h"

#include <array>
#include <boost/json.hpp>

#include "base/file.h"
#include "tracking/artifacts/surroundings.h"

// AWS's files:
//   file    = *( line LF )
//   line    = [ "[" section "]" | key "=" value | comment ]      comments begin with "#" or ";"
// Lines that begin with a blank belong to the key above them and are not for us. In the file
// "config" a section is called "profile x", but "default" is only "default".

namespace liquid::tracking::artifacts {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 20U;

struct ExtraArgument {
  std::string_view name;
  std::string_view header;
};
// boto3's names of what a PUT may say.
constexpr std::array kExtraArguments = {
    ExtraArgument{"ACL", "x-amz-acl"},
    ExtraArgument{"CacheControl", "Cache-Control"},
    ExtraArgument{"ContentDisposition", "Content-Disposition"},
    ExtraArgument{"ContentEncoding", "Content-Encoding"},
    ExtraArgument{"ContentLanguage", "Content-Language"},
    ExtraArgument{"ContentType", "Content-Type"},
    ExtraArgument{"ExpectedBucketOwner", "x-amz-expected-bucket-owner"},
    ExtraArgument{"GrantFullControl", "x-amz-grant-full-control"},
    ExtraArgument{"GrantRead", "x-amz-grant-read"},
    ExtraArgument{"GrantReadACP", "x-amz-grant-read-acp"},
    ExtraArgument{"GrantWriteACP", "x-amz-grant-write-acp"},
    ExtraArgument{"RequestPayer", "x-amz-request-payer"},
    ExtraArgument{"SSEKMSEncryptionContext", "x-amz-server-side-encryption-context"},
    ExtraArgument{"SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id"},
    ExtraArgument{"ServerSideEncryption", "x-amz-server-side-encryption"},
    ExtraArgument{"StorageClass", "x-amz-storage-class"},
    ExtraArgument{"Tagging", "x-amz-tagging"},
    ExtraArgument{"WebsiteRedirectLocation", "x-amz-website-redirect-location"},
};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// One profile, looked up in AWS's two files.
class Profile {
 public:
  static Result<Profile> read(const Environment& environment) {
    Profile profile;
    profile.name_ = environment("AWS_PROFILE").value_or("");
    profile.named_ = !profile.name_.empty();
    if (!profile.named_) profile.name_ = "default";
    const std::string home = environment("HOME").value_or("");
    Result<std::string> credentials =
        text_of(environment, "AWS_SHARED_CREDENTIALS_FILE", home + "/.aws/credentials");
    if (!credentials) return std::move(credentials).error();
    Result<std::string> config = text_of(environment, "AWS_CONFIG_FILE", home + "/.aws/config");
    if (!config) return std::move(config).error();
    profile.credentials_ = std::move(*credentials);
    profile.config_ = std::move(*config);
    return profile;
  }

  const std::string& name() const { return name_; }
  bool named() const { return named_; }

  std::string value(std::string_view key) const {
    const std::string section = name_ == "default" ? name_ : "profile " + name_;
    const auto first = profile_value(credentials_, name_, key);
    return first ? *first : profile_value(config_, section, key).value_or("");
  }

 private:
  // A file that is not there is an empty one.
  static Result<std::string> text_of(const Environment& environment, const std::string& variable,
                                     const std::string& usual) {
    const std::string named = environment(variable).value_or("");
    Result<std::string> text = read_file(named.empty() ? usual : named, kMaxFileBytes);
    if (!text && text.error().code == ErrorCode::not_found) return std::string();
    return text;
  }

  std::string name_;
  bool named_ = false;  // by the environment
  std::string credentials_;
  std::string config_;
};

Result<http::AwsSignature> credentials_of(const Environment& environment, const Profile& profile) {
  http::AwsSignature signature;
  signature.service = "s3";
  signature.access_key_id = environment("AWS_ACCESS_KEY_ID").value_or("");
  signature.secret_access_key = environment("AWS_SECRET_ACCESS_KEY").value_or("");
  signature.session_token = environment("AWS_SESSION_TOKEN").value_or("");
  if (signature.access_key_id.empty() != signature.secret_access_key.empty()) {
    return Error{ErrorCode::unauthenticated,
                 "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set"};
  }
  if (signature.access_key_id.empty()) {
    signature.access_key_id = profile.value("aws_access_key_id");
    signature.secret_access_key = profile.value("aws_secret_access_key");
    signature.session_token = profile.value("aws_session_token");
  }
  if (!signature.access_key_id.empty() && !signature.secret_access_key.empty()) return signature;
  return Error{ErrorCode::unauthenticated,
               "no AWS credentials for s3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put "
               "aws_access_key_id and aws_secret_access_key into the profile \"" +
                   profile.name() +
                   "\" of ~/.aws/credentials (roles, SSO and instance metadata are not supported)"};
}

std::string first_set(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::string value = environment(name).value_or("");
    if (!value.empty()) return value;
  }
  return {};
}

Result<std::string> endpoint_from(const Environment& environment) {
  std::string endpoint =
      first_set(environment, {"MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  while (!endpoint.empty() && endpoint.back() == '/') endpoint.pop_back();
  if (endpoint.empty() || endpoint.starts_with("http://") || endpoint.starts_with("https://")) {
    return endpoint;
  }
  return Error{ErrorCode::invalid_argument, "S3 endpoint \"" + endpoint +
                                                "\" (MLFLOW_S3_ENDPOINT_URL, AWS_ENDPOINT_URL): "
                                                "expected http://… or https://…"};
}

Result<S3Settings::Addressing> addressing_from(const Environment& environment,
                                               const std::string& endpoint) {
  const std::string style = environment("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE").value_or("");
  if (style == "path") return S3Settings::Addressing::path;
  if (style == "virtual") return S3Settings::Addressing::virtual_host;
  if (style.empty() || style == "auto") {
    return endpoint.empty() ? S3Settings::Addressing::virtual_host : S3Settings::Addressing::path;
  }
  return Error{ErrorCode::invalid_argument, "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE=\"" + style +
                                                "\": expected auto, path or virtual"};
}

Result<std::pair<std::string, std::string>> extra_header(std::string_view name,
                                                         const boost::json::value& value) {
  for (const ExtraArgument& known : kExtraArguments) {
    if (known.name == name && value.is_string()) {
      return std::pair<std::string, std::string>(known.header, value.as_string());
    }
  }
  return Error{ErrorCode::unsupported, "MLFLOW_S3_UPLOAD_EXTRA_ARGS: \"" + std::string(name) +
                                           "\" is not supported, or its value is no text"};
}

Result<std::vector<std::pair<std::string, std::string>>> upload_headers_from(
    const Environment& environment) {
  std::vector<std::pair<std::string, std::string>> headers;
  const std::string text = environment("MLFLOW_S3_UPLOAD_EXTRA_ARGS").value_or("");
  if (text.empty()) return headers;
  boost::system::error_code failure;
  const boost::json::value parsed = boost::json::parse(text, failure);
  if (failure || !parsed.is_object()) {
    return Error{ErrorCode::invalid_argument,
                 "MLFLOW_S3_UPLOAD_EXTRA_ARGS=\"" + text + "\": expected a JSON object"};
  }
  for (const auto& [name, value] : parsed.as_object()) {
    auto header = extra_header(name, value);
    if (!header) return std::move(header).error();
    headers.push_back(std::move(*header));
  }
  return headers;
}

Result<bool> is_unsigned(const Environment& environment) {
  const std::string version = environment("MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION").value_or("");
  if (version == "unsigned" || version == "UNSIGNED") return true;
  if (version.empty() || version == "s3v4") return false;
  return Error{ErrorCode::unsupported, "MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION=\"" + version +
                                           "\": supported are s3v4 and unsigned"};
}

Result<void> add_identity(S3Settings& settings, const Environment& environment) {
  Result<Profile> profile = Profile::read(environment);
  if (!profile) return std::move(profile).error();
  settings.region = first_set(environment, {"AWS_DEFAULT_REGION", "AWS_REGION"});
  if (settings.region.empty()) settings.region = profile->value("region");
  if (settings.region.empty()) settings.region = "us-east-1";
  const Result<bool> public_only = is_unsigned(environment);
  if (!public_only) return public_only.error();
  if (*public_only) return {};
  Result<http::AwsSignature> signature = credentials_of(environment, *profile);
  if (!signature) return std::move(signature).error();
  settings.signature = std::move(*signature);
  settings.signature->region = settings.region;
  return {};
}

}  // namespace

std::optional<std::string> profile_value(std::string_view text, std::string_view section,
                                         std::string_view key) {
  bool inside = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = trimmed(line);
    if (content.empty() || line.front() == ' ' || line.front() == '\t') continue;
    if (content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      const std::size_t close = std::min(content.find(']'), content.size());
      inside = trimmed(content.substr(1, close - 1)) == section;
      continue;
    }
    const std::size_t equals = content.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    if (trimmed(content.substr(0, equals)) == key) {
      return std::string(trimmed(content.substr(equals + 1)));
    }
  }
  return std::nullopt;
}

Result<http::TlsChoice> s3_tls_from(const Environment& environment) {
  const Result<bool> ignore = truth_of(environment, "MLFLOW_S3_IGNORE_TLS");
  if (!ignore) return ignore.error();
  http::TlsChoice tls;
  tls.verify_certificate = !*ignore;
  tls.ca_file = environment("AWS_CA_BUNDLE").value_or("");
  return tls;
}

Result<S3Settings> s3_settings_from(const Environment& environment) {
  S3Settings settings;
  Result<std::string> endpoint = endpoint_from(environment);
  if (!endpoint) return std::move(endpoint).error();
  const Result<S3Settings::Addressing> addressing = addressing_from(environment, *endpoint);
  if (!addressing) return addressing.error();
  Result<http::TlsChoice> tls = s3_tls_from(environment);
  if (!tls) return std::move(tls).error();
  auto headers = upload_headers_from(environment);
  if (!headers) return std::move(headers).error();
  if (Result<void> added = add_identity(settings, environment); !added) {
    return std::move(added).error();
  }
  settings.endpoint = std::move(*endpoint);
  settings.addressing = *addressing;
  settings.tls = std::move(*tls);
  settings.upload_headers = std::move(*headers);
  settings.bucket_owner = environment("MLFLOW_S3_EXPECTED_BUCKET_OWNER").value_or("");
  return settings;
}

}  // namespace liquid::tracking::artifacts
