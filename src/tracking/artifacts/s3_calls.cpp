#include "tracking/artifacts/s3_calls.h"

#include <algorithm>

#include "tracking/artifacts/artifact_path.h"
#include "tracking/artifacts/s3_xml.h"
#include "tracking/text_coding.h"

namespace liquid::tracking::artifacts {
namespace {

std::string host_with(std::string_view origin, const std::string& bucket) {
  const std::size_t host = origin.find("://") + 3;
  return std::string(origin.substr(0, host)) + bucket + "." + std::string(origin.substr(host));
}

std::string origin_of(const S3Settings& settings, const std::string& bucket) {
  std::string origin = settings.endpoint;
  if (origin.empty()) {
    const std::string_view suffix = settings.region.starts_with("cn-") ? ".cn" : "";
    origin = "https://s3." + settings.region + ".amazonaws.com" + std::string(suffix);
  }
  // A certificate for *.s3… does not cover a bucket with dots.
  const bool dotted = bucket.find('.') != std::string::npos && origin.starts_with("https:");
  if (settings.addressing == S3Settings::Addressing::virtual_host && !dotted) {
    return host_with(origin, bucket);
  }
  return origin + "/" + bucket;
}

ServerAccess with_tls(ServerAccess access, const http::TlsChoice& tls) {
  access.verify_certificate = tls.verify_certificate;
  access.ca_file = tls.ca_file;
  access.client_certificate.clear();
  return access;
}

}  // namespace

S3Calls::S3Calls(const std::string& bucket, S3Settings settings, ServerAccess access, Sleeper sleep)
    : settings_(std::move(settings)),
      origin_(origin_of(settings_, bucket)),
      calls_(with_tls(std::move(access), settings_.tls), std::move(sleep), settings_.tls) {}

// The query is sorted and every name has its '=': the form that is signed.
std::string S3Calls::url_of(const S3Request& request) const {
  std::string url = origin_ + "/" + encode_path(request.key);
  Headers query = request.query;
  std::sort(query.begin(), query.end());
  char separator = '?';
  for (const auto& [name, value] : query) {
    url += separator + percent_encoded(name) + "=" + percent_encoded(value);
    separator = '&';
  }
  return url;
}

http::ClientRequest S3Calls::http_request(const S3Request& request) const {
  http::ClientRequest made = calls_.foreign_request(request.method, url_of(request));
  made.headers = request.headers;
  made.headers.emplace_back("x-amz-content-sha256", request.body_digest.hex());
  if (!settings_.bucket_owner.empty()) {
    made.headers.emplace_back("x-amz-expected-bucket-owner", settings_.bucket_owner);
  }
  made.body = request.body;
  return made;
}

Result<http::ClientResponse> S3Calls::try_once(const S3Request& request,
                                               http::TransferOptions options) {
  options.signature = settings_.signature;
  return calls_.try_once(http_request(request), std::move(options));
}

Result<http::ClientResponse> S3Calls::call(const S3Request& request, std::string_view doing,
                                           http::TransferOptions options) {
  options.signature = settings_.signature;
  Result<http::ClientResponse> answer = calls_.call(http_request(request), doing, options);
  if (answer && parse_fault(answer->body)) {
    http::ClientResponse late = std::move(*answer);
    late.status = 503;
    return error_of(late, doing);
  }
  return answer;
}

}  // namespace liquid::tracking::artifacts
