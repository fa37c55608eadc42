#include "tracking/artifacts/s3_artifacts.h"

#include <algorithm>
#include <utility>

#include "base/unicode.h"
#include "tracking/artifacts/artifact_path.h"
#include "tracking/artifacts/http_download.h"
#include "tracking/artifacts/parallel.h"
#include "tracking/artifacts/s3_calls.h"
#include "tracking/artifacts/s3_upload.h"
#include "tracking/artifacts/s3_xml.h"

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kParallelRemovals = 8;

class S3Artifacts final : public ArtifactStore {
 public:
  S3Artifacts(const BucketRoot& root, S3Settings settings, const ServerAccess& access,
              const Sleeper& sleep)
      : root_(root), calls_(root.bucket, std::move(settings), access, sleep) {}

  Result<std::vector<FileInfo>> list(std::string_view path) override {
    if (Result<void> checked = check_path(path); !checked) return std::move(checked).error();
    const std::string folder = join(root_.prefix, path);
    const std::string prefix = folder.empty() ? "" : folder + "/";
    std::vector<FileInfo> found;
    Result<void> listed = each_page(prefix, "/", [&](const S3Listing& page) -> Result<void> {
      for (const std::string& inner : page.prefixes) {
        Result<void> added = add(found, path, prefix, inner.substr(0, inner.size() - 1), {});
        if (!added) return added;
      }
      for (const S3Object& object : page.objects) {
        if (object.size == 0 && object.key.ends_with('/')) continue;  // marks a folder
        Result<void> added = add(found, path, prefix, object.key, object.size);
        if (!added) return added;
      }
      return {};
    });
    if (!listed) return std::move(listed).error();
    std::sort(found.begin(), found.end(),
              [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    return found;
  }

  Result<UploadedFile> upload(const fs::path& file, std::string_view path,
                              const TransferProgress& progress) override {
    Result<std::string> key = key_of(path);
    if (!key) return std::move(key).error();
    Result<SourceFile> source = SourceFile::open(file);
    if (!source) return std::move(source).error();
    ProgressSum sum(progress, source->size());
    Result<Digest> digest = upload_object(calls_, *key, *source, sum);
    if (!digest) return std::move(digest).error();
    return UploadedFile{.path = std::string(path), .size = source->size(), .sha256 = digest->hex()};
  }

  Result<void> download(std::string_view path, const fs::path& file,
                        const TransferProgress& progress) override {
    Result<std::string> key = key_of(path);
    if (!key) return std::move(key).error();
    const auto try_once = [this, &key](const Headers& headers, http::BodySink sink) {
      return calls_.try_once(
          {.method = "GET", .key = *key, .query = {}, .headers = headers, .body = {}},
          {.source = {}, .sink = std::move(sink), .signature = {}, .stall_timeout = {}});
    };
    return fetch({.get = try_once,
                  .source = "s3://" + root_.bucket + "/" + encode_path(*key),
                  .file = file,
                  .progress = progress},
                 calls_.attempts());
  }

  Result<void> remove(std::string_view path) override {
    Result<std::string> key = key_of(path);
    if (!key) return std::move(key).error();
    std::vector<std::string> keys{*key};
    Result<void> listed = each_page(*key + "/", "", [&keys](const S3Listing& page) -> Result<void> {
      for (const S3Object& object : page.objects) keys.push_back(object.key);
      return {};
    });
    if (!listed) return listed;
    return for_each_parallel(
        keys.size(), kParallelRemovals, [&](std::size_t index) -> Result<void> {
          Result<http::ClientResponse> answer = calls_.call(
              {.method = "DELETE", .key = keys[index], .query = {}, .headers = {}, .body = {}},
              "removing " + keys[index]);
          if (answer || answer.error().code == ErrorCode::not_found) return {};
          return std::move(answer).error();
        });
  }

 private:
  Result<std::string> key_of(std::string_view path) const {
    if (Result<void> checked = check_path_below_root(path); !checked) {
      return std::move(checked).error();
    }
    if (is_valid_utf8(path)) return join(root_.prefix, path);
    return Error{ErrorCode::invalid_argument,
                 "artifact path \"" + std::string(path) + "\": it is not UTF-8, which S3 expects"};
  }

  Result<void> each_page(const std::string& prefix, const std::string& delimiter,
                         const std::function<Result<void>(const S3Listing&)>& take) {
    std::string token;
    do {
      Headers query{{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", prefix}};
      if (!delimiter.empty()) query.emplace_back("delimiter", delimiter);
      if (!token.empty()) query.emplace_back("continuation-token", token);
      const std::string doing = "listing s3://" + root_.bucket + "/" + prefix;
      Result<http::ClientResponse> answer = calls_.call(
          {.method = "GET", .key = {}, .query = std::move(query), .headers = {}, .body = {}},
          doing);
      if (!answer) return std::move(answer).error();
      Result<S3Listing> page = parse_listing(answer->body);
      if (!page) return std::move(page).error().with_context(doing);
      if (Result<void> taken = take(*page); !taken) return taken;
      token = page->continuation_token;
    } while (!token.empty());
    return {};
  }

  // A key becomes the name of a local file one day: it is checked like any other input.
  static Result<void> add(std::vector<FileInfo>& found, std::string_view path,
                          const std::string& prefix, const std::string& key,
                          std::optional<std::uint64_t> size) {
    if (!key.starts_with(prefix)) {
      return Error{ErrorCode::data_corrupt,
                   "S3 listed \"" + key + "\", which is not below \"" + prefix + "\""};
    }
    const std::string name = key.substr(prefix.size());
    if (Result<void> checked = check_path_below_root(name); !checked) {
      return std::move(checked).error().with_context("S3 listed \"" + key + "\"");
    }
    found.push_back({.path = join(path, name), .is_folder = !size, .size = size});
    return {};
  }

  const BucketRoot root_;
  S3Calls calls_;
};

}  // namespace

Result<std::unique_ptr<ArtifactStore>> make_s3_artifacts(const BucketRoot& root,
                                                         const Settings& settings,
                                                         const ArtifactSurroundings& surroundings) {
  Result<S3Settings> s3 = s3_settings_from(surroundings.environment);
  if (!s3) return std::move(s3).error();
  return std::unique_ptr<ArtifactStore>(
      std::make_unique<S3Artifacts>(root, std::move(*s3), settings.access, surroundings.sleep));
}

}  // namespace liquid::tracking::artifacts
