#include "tracking/artifacts/proxy_artifacts.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/unicode.h"
#include "tracking/artifacts/artifact_path.h"
#include "tracking/artifacts/content_type.h"
#include "tracking/artifacts/http_download.h"
#include "tracking/artifacts/proxy_multipart.h"
#include "tracking/artifacts/streamed_body.h"
#include "tracking/text_coding.h"

// What is spoken, below <service> = <server>/api/2.0/mlflow-artifacts:
//
//   PUT    <service>/artifacts/<path>         body = the file         -> {}
//   GET    <service>/artifacts/<path>         -> the file
//   DELETE <service>/artifacts/<path>         a file or a whole folder
//   GET    <service>/artifacts?path=<path>    -> {"files": [{"path": base name, "is_dir": …,
//                                                "file_size": …}]}, one level, empty when missing

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;

Error corrupt(const std::string& what) {
  return Error{ErrorCode::data_corrupt, "the server's list of artifacts: " + what};
}

Result<FileInfo> entry_from(const boost::json::value& value, std::string_view folder) {
  const boost::json::object* entry = value.if_object();
  const boost::json::value* name = entry == nullptr ? nullptr : entry->if_contains("path");
  if (name == nullptr || !name->is_string()) return corrupt("an entry without \"path\"");
  FileInfo info;
  info.path = std::string(name->as_string());
  Result<void> checked = check_path_below_root(info.path);
  if (checked && info.path.find('/') != std::string::npos) {
    checked = Error{ErrorCode::invalid_argument,
                    "artifact path \"" + info.path + "\": expected one name"};
  }
  if (!checked) return std::move(checked).error().with_context("the server's list of artifacts");
  info.path = join(folder, info.path);
  const boost::json::value* is_folder = entry->if_contains("is_dir");
  info.is_folder = is_folder != nullptr && is_folder->is_bool() && is_folder->as_bool();
  const boost::json::value* size = entry->if_contains("file_size");
  boost::system::error_code failure;
  if (size != nullptr && size->is_number()) {
    const auto bytes = size->to_number<std::uint64_t>(failure);
    if (failure) return corrupt("a size that is none");
    info.size = bytes;
  } else if (size == nullptr && !info.is_folder) {
    info.size = 0;  // unset fields are left out
  }
  return info;
}

Result<std::vector<FileInfo>> listing_from(std::string_view body, std::string_view folder) {
  boost::system::error_code failure;
  const boost::json::value parsed = boost::json::parse(body, failure);
  if (failure || !parsed.is_object()) return corrupt("expected a JSON object");
  std::vector<FileInfo> found;
  const boost::json::value* files = parsed.as_object().if_contains("files");
  if (files == nullptr) return found;
  if (!files->is_array()) return corrupt("\"files\" is no list");
  for (const boost::json::value& value : files->as_array()) {
    Result<FileInfo> entry = entry_from(value, folder);
    if (!entry) return std::move(entry).error();
    found.push_back(std::move(*entry));
  }
  std::sort(found.begin(), found.end(),
            [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
  return found;
}

// Asked for a file, older servers answer with that file as if it were in itself.
bool is_file_itself(const std::vector<FileInfo>& entries, std::string_view path) {
  return entries.size() == 1 && !entries[0].is_folder && !path.empty() &&
         entries[0].path == join(path, base_name(path));
}

/// PUT, GET and DELETE of single files, the same for every URL.
class WebFiles {
 public:
  explicit WebFiles(ServerCalls& calls) : calls_(calls) {}

  Result<UploadedFile> put(const std::string& url, const SourceFile& file, std::string_view path,
                           ProgressSum& sum) {
    StreamedBody body(file, {.offset = 0, .length = file.size()}, sum.part());
    http::ClientRequest request = calls_.request("PUT", url);
    request.headers.emplace_back("Content-Type", content_type(path));
    const std::string doing = "uploading " + file.path().string() + " to " + std::string(path);
    Result<http::ClientResponse> answer =
        calls_.call(request, doing,
                    {.source = body.source(), .sink = {}, .signature = {}, .stall_timeout = {}});
    if (!answer) return std::move(answer).error();
    Result<Digest> digest = body.digest();
    if (!digest) return std::move(digest).error();
    return UploadedFile{.path = std::string(path), .size = file.size(), .sha256 = digest->hex()};
  }

  Result<void> get(const std::string& url, const fs::path& file, const TransferProgress& progress) {
    const auto try_once = [this, &url](const Headers& headers, http::BodySink sink) {
      http::ClientRequest request = calls_.request("GET", url);
      request.headers.insert(request.headers.end(), headers.begin(), headers.end());
      return calls_.try_once(
          request, {.source = {}, .sink = std::move(sink), .signature = {}, .stall_timeout = {}});
    };
    return fetch({.get = try_once, .source = url, .file = file, .progress = progress},
                 calls_.attempts());
  }

  Result<void> remove(const std::string& url, std::string_view path) {
    Result<http::ClientResponse> answer =
        calls_.call(calls_.request("DELETE", url), "removing " + std::string(path));
    if (answer || answer.error().code == ErrorCode::not_found) return {};
    return std::move(answer).error();
  }

 private:
  ServerCalls& calls_;
};

class ProxyArtifacts final : public ArtifactStore {
 public:
  ProxyArtifacts(ProxyRoot root, const ServerAccess& access, Sleeper sleep,
                 const ProxyOptions& options)
      : root_(std::move(root)),
        options_(options),
        calls_(access, std::move(sleep), options.foreign_tls) {}

  Result<std::vector<FileInfo>> list(std::string_view path) override {
    if (Result<void> checked = check_path(path); !checked) return std::move(checked).error();
    if (Result<void> fit = check_path_for_server(path); !fit) return std::move(fit).error();
    const std::string whole = join(root_.path, path);
    std::string url = root_.service + "/artifacts";
    if (!whole.empty()) url += "?path=" + percent_encoded(whole);
    Result<http::ClientResponse> answer =
        calls_.call(calls_.request("GET", url), "listing " + shown(path));
    if (!answer) return std::move(answer).error();
    Result<std::vector<FileInfo>> found = listing_from(answer->body, path);
    if (found && is_file_itself(*found, path)) found->clear();
    return found;
  }

  Result<UploadedFile> upload(const fs::path& file, std::string_view path,
                              const TransferProgress& progress) override {
    Result<std::string> place = place_of(path);
    if (!place) return std::move(place).error();
    Result<SourceFile> source = SourceFile::open(file);
    if (!source) return std::move(source).error();
    ProgressSum sum(progress, source->size());
    if (in_parts(source->size())) {
      const Result<void> sent = upload_in_parts(calls_, {.root = root_, .path = *place}, *source,
                                                options_.upload.chunk_bytes, sum);
      if (sent) return described(*source, path);
      if (sent.error().code != ErrorCode::unsupported) return sent.error();
    }
    return WebFiles(calls_).put(url_of(*place), *source, path, sum);
  }

  Result<void> download(std::string_view path, const fs::path& file,
                        const TransferProgress& progress) override {
    Result<std::string> place = place_of(path);
    if (!place) return std::move(place).error();
    if (options_.download.through_proxy) {
      Result<void> fetched = download_in_ranges(calls_, {.root = root_, .path = *place}, file,
                                                options_.download.chunk_bytes, progress);
      if (fetched || fetched.error().code != ErrorCode::unsupported) return fetched;
    }
    return WebFiles(calls_).get(url_of(*place), file, progress);
  }

  Result<void> remove(std::string_view path) override {
    Result<std::string> place = place_of(path);
    if (!place) return std::move(place).error();
    return WebFiles(calls_).remove(url_of(*place), path);
  }

 private:
  static std::string shown(std::string_view path) {
    return path.empty() ? "the artifacts" : "\"" + std::string(path) + "\"";
  }

  Result<std::string> place_of(std::string_view path) const {
    if (Result<void> checked = check_path_below_root(path); !checked) {
      return std::move(checked).error();
    }
    if (Result<void> fit = check_path_for_server(path); !fit) return std::move(fit).error();
    return join(root_.path, path);
  }

  std::string url_of(std::string_view place) const {
    return root_.service + "/artifacts/" + encode_path(place);
  }

  bool in_parts(std::uint64_t size) const {
    return options_.upload.through_proxy && size > 0 && size >= options_.upload.minimum_file_bytes;
  }

  // Parts are sent side by side, so the whole is hashed by itself.
  static Result<UploadedFile> described(const SourceFile& file, std::string_view path) {
    Result<Digest> digest = digest_of(file, {.offset = 0, .length = file.size()});
    if (!digest) return std::move(digest).error();
    return UploadedFile{.path = std::string(path), .size = file.size(), .sha256 = digest->hex()};
  }

  const ProxyRoot root_;
  const ProxyOptions options_;
  ServerCalls calls_;
};

class UrlArtifacts final : public ArtifactStore {
 public:
  UrlArtifacts(UrlRoot root, const ServerAccess& access, Sleeper sleep)
      : root_(std::move(root)), calls_(access, std::move(sleep), http::TlsChoice()) {}

  Result<std::vector<FileInfo>> list(std::string_view path) override {
    if (Result<void> checked = check_path(path); !checked) return std::move(checked).error();
    return Error{ErrorCode::unsupported,
                 "artifacts below a plain URL cannot be listed; only those below "
                 ".../api/2.0/mlflow-artifacts/artifacts of an MLflow server can"};
  }

  Result<UploadedFile> upload(const fs::path& file, std::string_view path,
                              const TransferProgress& progress) override {
    if (Result<void> checked = check_path_below_root(path); !checked) {
      return std::move(checked).error();
    }
    Result<SourceFile> source = SourceFile::open(file);
    if (!source) return std::move(source).error();
    ProgressSum sum(progress, source->size());
    return WebFiles(calls_).put(url_of(path), *source, path, sum);
  }

  Result<void> download(std::string_view path, const fs::path& file,
                        const TransferProgress& progress) override {
    if (Result<void> checked = check_path_below_root(path); !checked) return checked;
    return WebFiles(calls_).get(url_of(path), file, progress);
  }

  Result<void> remove(std::string_view path) override {
    if (Result<void> checked = check_path_below_root(path); !checked) return checked;
    return WebFiles(calls_).remove(url_of(path), path);
  }

 private:
  std::string url_of(std::string_view path) const { return root_.url + "/" + encode_path(path); }

  const UrlRoot root_;
  ServerCalls calls_;
};

}  // namespace

namespace {

// It takes the path for a URL: decodes it over and over, drops tabs and line breaks, and a '?' or
// ';' with nothing behind it.
std::string as_a_server_reads(std::string_view path) {
  std::string read = decode_fully(path);
  std::erase_if(read, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
  while (!read.empty() && (read.back() == '?' || read.back() == ';')) read.pop_back();
  return read;
}

}  // namespace

Result<void> check_path_for_server(std::string_view path) {
  std::string fault;
  if (path.find('#') != std::string_view::npos) {
    fault = "MLflow's servers refuse \"#\"";
  } else if (const std::string read = as_a_server_reads(path); read != path) {
    fault = "an MLflow server would read it as \"" + read + "\"";
  } else if (!is_valid_utf8(path)) {
    fault = "it is not UTF-8, which MLflow's servers expect";
  }
  if (fault.empty()) return {};
  return Error{ErrorCode::invalid_argument,
               "artifact path \"" + std::string(path) + "\": " + fault + "; use another name"};
}

std::unique_ptr<ArtifactStore> make_proxy_artifacts(ProxyRoot root, const ServerAccess& access,
                                                    Sleeper sleep, const ProxyOptions& options) {
  return std::make_unique<ProxyArtifacts>(std::move(root), access, std::move(sleep), options);
}

std::unique_ptr<ArtifactStore> make_url_artifacts(UrlRoot root, const ServerAccess& access,
                                                  Sleeper sleep) {
  return std::make_unique<UrlArtifacts>(std::move(root), access, std::move(sleep));
}

}  // namespace liquid::tracking::artifacts
