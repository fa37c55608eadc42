#include "tracking/artifacts/s3_upload.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tracking/artifacts/content_type.h"
#include "tracking/artifacts/parallel.h"
#include "tracking/artifacts/s3_xml.h"

// In one piece:  PUT key                              with the SHA-256 of the body, which S3 checks
// In parts:      POST key?uploads=                    -> upload id
//                PUT  key?partNumber=n&uploadId=id    -> ETag, each part with its SHA-256
//                POST key?uploadId=id                 the parts' ETags
//                DELETE key?uploadId=id               when something failed

namespace liquid::tracking::artifacts {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t kMaxSinglePutBytes = 64 * kMebibyte;
constexpr std::uint64_t kPartBytes = 16 * kMebibyte;
constexpr std::uint64_t kMaxParts = 10'000;
constexpr std::size_t kParallelParts = 4;

class ObjectUpload {
 public:
  ObjectUpload(S3Calls& calls, const std::string& key, const SourceFile& file)
      : calls_(calls), key_(key), file_(file), doing_("uploading " + file.path().string()) {}

  Result<Digest> run(ProgressSum& sum) {
    // Headers go first, so the file is read once for its digest and once more to be sent.
    Result<Digest> digest = digest_of(file_, whole());
    if (!digest) return digest;
    Result<void> sent =
        file_.size() > kMaxSinglePutBytes ? in_parts(*digest, sum) : in_one(*digest, sum);
    if (!sent) return std::move(sent).error();
    return digest;
  }

 private:
  Slice whole() const { return {.offset = 0, .length = file_.size()}; }

  Headers object_headers(const Digest& digest) const {
    Headers headers = calls_.settings().upload_headers;
    const bool typed = std::any_of(headers.begin(), headers.end(), [](const auto& header) {
      return header.first == "Content-Type";
    });
    if (!typed) headers.emplace_back("Content-Type", content_type(key_));
    headers.emplace_back("x-amz-meta-sha256", digest.hex());
    return headers;
  }

  Result<http::ClientResponse> send(const S3Request& request, Slice slice, ProgressSum& sum) {
    StreamedBody body(file_, slice, sum.part());
    Result<http::ClientResponse> answer =
        calls_.call(request, doing_,
                    {.source = body.source(), .sink = {}, .signature = {}, .stall_timeout = {}});
    if (!answer) return answer;
    const Result<Digest> sent = body.digest();
    if (!sent) return sent.error();
    if (*sent == request.body_digest) return answer;
    return Error{ErrorCode::conflict, file_.path().string() + ": changed while it was uploaded"};
  }

  Result<void> in_one(const Digest& digest, ProgressSum& sum) {
    S3Request request{.method = "PUT",
                      .key = key_,
                      .query = {},
                      .headers = object_headers(digest),
                      .body = {},
                      .body_digest = digest};
    Result<http::ClientResponse> answer = send(std::move(request), whole(), sum);
    if (!answer) return std::move(answer).error();
    return {};
  }

  Result<void> in_parts(const Digest& digest, ProgressSum& sum) {
    Result<http::ClientResponse> created = calls_.call({.method = "POST",
                                                        .key = key_,
                                                        .query = {{"uploads", ""}},
                                                        .headers = object_headers(digest),
                                                        .body = {}},
                                                       doing_);
    if (!created) return std::move(created).error();
    Result<std::string> id = parse_upload_id(created->body);
    if (!id) return std::move(id).error().with_context(doing_);
    const std::uint64_t needed = (file_.size() + kMaxParts - 1) / kMaxParts;
    const std::uint64_t chunk =
        std::max(kPartBytes, (needed + kMebibyte - 1) / kMebibyte * kMebibyte);
    std::vector<std::string> etags(static_cast<std::size_t>((file_.size() + chunk - 1) / chunk));
    Result<void> done =
        for_each_parallel(etags.size(), kParallelParts, [&](std::size_t index) -> Result<void> {
          Result<std::string> etag = part(*id, index, chunk, sum);
          if (!etag) return std::move(etag).error();
          etags[index] = std::move(*etag);
          return {};
        });
    if (done) done = complete(*id, etags);
    if (!done) give_up(*id);
    return done;
  }

  Result<std::string> part(const std::string& id, std::size_t index, std::uint64_t chunk,
                           ProgressSum& sum) {
    const std::uint64_t offset = chunk * index;
    const Slice slice{.offset = offset, .length = std::min(chunk, file_.size() - offset)};
    Result<Digest> digest = digest_of(file_, slice);
    if (!digest) return std::move(digest).error();
    S3Request request{.method = "PUT",
                      .key = key_,
                      .query = {{"partNumber", std::to_string(index + 1)}, {"uploadId", id}},
                      .headers = {{"Content-Type", "application/octet-stream"}},
                      .body = {},
                      .body_digest = *digest};
    Result<http::ClientResponse> answer = send(std::move(request), slice, sum);
    if (!answer) return std::move(answer).error();
    const std::string_view etag = answer->header("etag");
    if (!etag.empty()) return std::string(etag);
    return Error{ErrorCode::data_corrupt, doing_ + ": the answer to a part has no ETag"};
  }

  Result<void> complete(const std::string& id, const std::vector<std::string>& etags) {
    std::string body = completion_body(etags);
    const Digest digest = sha256(body);
    Result<http::ClientResponse> answer =
        calls_.call({.method = "POST",
                     .key = key_,
                     .query = {{"uploadId", id}},
                     .headers = {{"Content-Type", "application/xml"}},
                     .body = std::move(body),
                     .body_digest = digest},
                    doing_);
    if (!answer) return std::move(answer).error();
    return {};
  }

  // Parts that remain cost money; that they could not be dropped is not the failure to report.
  void give_up(const std::string& id) {
    const auto told = calls_.call(
        {.method = "DELETE", .key = key_, .query = {{"uploadId", id}}, .headers = {}, .body = {}},
        doing_);
    static_cast<void>(told.has_value());
  }

  S3Calls& calls_;
  const std::string& key_;
  const SourceFile& file_;
  const std::string doing_;
};

}  // namespace

Result<Digest> upload_object(S3Calls& calls, const std::string& key, const SourceFile& file,
                             ProgressSum& sum) {
  return ObjectUpload(calls, key, file).run(sum);
}

}  // namespace liquid::tracking::artifacts
