#include "tracking/artifacts/proxy_multipart.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "tracking/artifacts/artifact_path.h"
#include "tracking/artifacts/parallel.h"
#include "tracking/artifacts/streamed_body.h"

// An upload in parts, below <service>, for the folder of a file and its name:
//
//   POST mpu/create/<folder>    {"path": name, "num_parts": n}
//        -> {"upload_id", "credentials": [{"url", "part_number", "headers"}]}
//   PUT  <url of each part>     -> ETag
//   POST mpu/complete/<folder>  {"path": name, "upload_id", "parts": [{"part_number", "etag",
//   "url"}]} POST mpu/abort/<folder>     {"path": name, "upload_id"}
//
// A download in ranges: GET presigned/<path> -> {"url", "headers", "file_size"}

namespace liquid::tracking::artifacts {
namespace {

namespace json = boost::json;

constexpr std::size_t kParallelParts = 4;
// S3 takes no more parts than this.
constexpr std::uint64_t kMaxParts = 10'000;

struct Part {
  std::string url;
  std::int64_t number = 0;
  Headers headers;
  std::string etag;
};

struct OpenUpload {
  std::string id;
  std::vector<Part> parts;
};

Error corrupt(const std::string& what) {
  return Error{ErrorCode::data_corrupt, "the server's answer: " + what};
}

Result<json::object> object_of(std::string_view body) {
  boost::system::error_code failure;
  json::value parsed = json::parse(body, failure);
  if (failure || !parsed.is_object()) return corrupt("expected a JSON object");
  return std::move(parsed.as_object());
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::optional<std::uint64_t> number_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  boost::system::error_code failure;
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = value->to_number<std::uint64_t>(failure);
  return failure ? std::optional<std::uint64_t>() : number;
}

Headers headers_at(const json::object& object) {
  Headers headers;
  const json::value* value = object.if_contains("headers");
  if (value == nullptr || !value->is_object()) return headers;
  for (const auto& [name, text] : value->as_object()) {
    if (text.is_string()) headers.emplace_back(name, text.as_string());
  }
  return headers;
}

Result<OpenUpload> upload_from(std::string_view body, std::size_t parts) {
  Result<json::object> answer = object_of(body);
  if (!answer) return std::move(answer).error();
  OpenUpload upload{.id = text_at(*answer, "upload_id"), .parts = {}};
  const json::value* credentials = answer->if_contains("credentials");
  if (credentials == nullptr || !credentials->is_array()) return corrupt("no \"credentials\"");
  for (const json::value& value : credentials->as_array()) {
    const json::object* entry = value.if_object();
    if (entry == nullptr) return corrupt("a part that is no object");
    const auto number = number_at(*entry, "part_number");
    Part part{.url = text_at(*entry, "url"),
              .number = static_cast<std::int64_t>(number.value_or(upload.parts.size() + 1)),
              .headers = headers_at(*entry),
              .etag = {}};
    if (part.url.empty()) return corrupt("a part without \"url\"");
    upload.parts.push_back(std::move(part));
  }
  if (upload.parts.size() != parts) return corrupt("not as many parts as were asked for");
  return upload;
}

class PartUpload {
 public:
  PartUpload(ServerCalls& calls, const ProxyPlace& place, const SourceFile& file)
      : calls_(calls), place_(place), file_(file) {}

  Result<void> run(std::uint64_t chunk_bytes, ProgressSum& sum) {
    const std::uint64_t chunk = std::max(chunk_bytes, (file_.size() + kMaxParts - 1) / kMaxParts);
    const std::size_t count = static_cast<std::size_t>((file_.size() + chunk - 1) / chunk);
    Result<http::ClientResponse> created =
        post("create", json::object{{"path", name()}, {"num_parts", count}});
    if (!created && created.error().code == ErrorCode::not_found) {  // older servers
      return Error{ErrorCode::unsupported, std::move(created).error().message};
    }
    if (!created) return std::move(created).error();
    Result<OpenUpload> upload = upload_from(created->body, count);
    if (!upload) return std::move(upload).error();
    Result<void> sent = for_each_parallel(count, kParallelParts, [&](std::size_t index) {
      return send(upload->parts[index], chunk * index, chunk, sum);
    });
    if (sent) sent = complete(*upload);
    if (!sent) abort(*upload);
    return sent;
  }

 private:
  std::string name() const { return std::string(base_name(place_.path)); }

  Result<http::ClientResponse> post(const std::string& verb, const json::object& body) {
    std::string url = place_.root.service + "/mpu/" + verb;
    const std::string_view folder = parent_of(place_.path);
    if (!folder.empty()) url += "/" + encode_path(folder);
    http::ClientRequest request = calls_.request("POST", url);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = json::serialize(body);
    return calls_.call(request, "uploading " + file_.path().string() + " in parts (" + verb + ")");
  }

  Result<void> send(Part& part, std::uint64_t offset, std::uint64_t chunk, ProgressSum& sum) {
    const Slice slice{.offset = offset, .length = std::min(chunk, file_.size() - offset)};
    StreamedBody body(file_, slice, sum.part());
    http::ClientRequest request = calls_.foreign_request("PUT", part.url);
    request.headers = part.headers;
    Result<http::ClientResponse> answer = calls_.call(
        request, "uploading part " + std::to_string(part.number) + " of " + file_.path().string(),
        {.source = body.source(), .sink = {}, .signature = {}, .stall_timeout = {}});
    if (!answer) return std::move(answer).error();
    part.etag = std::string(answer->header("etag"));
    return {};
  }

  Result<void> complete(const OpenUpload& upload) {
    json::array parts;
    for (const Part& part : upload.parts) {
      parts.push_back(
          json::object{{"part_number", part.number}, {"etag", part.etag}, {"url", part.url}});
    }
    Result<http::ClientResponse> done = post(
        "complete", json::object{{"path", name()}, {"upload_id", upload.id}, {"parts", parts}});
    if (!done) return std::move(done).error();
    return {};
  }

  // What remains on the server costs money; that it could not be told is not the failure to report.
  void abort(const OpenUpload& upload) {
    const auto told = post("abort", json::object{{"path", name()}, {"upload_id", upload.id}});
    static_cast<void>(told.has_value());
  }

  ServerCalls& calls_;
  const ProxyPlace& place_;
  const SourceFile& file_;
};

struct DirectAddress {
  std::string url;
  Headers headers;
  std::uint64_t size = 0;
};

Result<DirectAddress> direct_address(ServerCalls& calls, const ProxyPlace& place) {
  const std::string url = place.root.service + "/presigned/" + encode_path(place.path);
  Result<http::ClientResponse> answer =
      calls.call(calls.request("GET", url), "asking for the address of \"" + place.path + "\"");
  if (!answer && answer.error().code == ErrorCode::not_found) {  // older servers, too
    return Error{ErrorCode::unsupported, std::move(answer).error().message};
  }
  if (!answer) return std::move(answer).error();
  Result<json::object> said = object_of(answer->body);
  if (!said) return std::move(said).error();
  const auto size = number_at(*said, "file_size");
  if (!size) return Error{ErrorCode::unsupported, "the server does not say how large the file is"};
  return DirectAddress{.url = text_at(*said, "url"), .headers = headers_at(*said), .size = *size};
}

class RangeDownload {
 public:
  RangeDownload(ServerCalls& calls, const ProxyPlace& place, DirectAddress address)
      : calls_(calls), place_(place), address_(std::move(address)) {}

  std::uint64_t size() const { return address_.size; }

  Result<void> get(PendingFile& file, Slice slice, const TransferProgress& told) {
    Attempts attempts = calls_.attempts();
    DirectAddress address = address_;
    bool renewed = false;
    for (;;) {
      Result<http::ClientResponse> outcome = try_once(address, file, slice, told);
      if (outcome && outcome->status == 206) return {};
      if (outcome && outcome->status == 200) {
        return Error{ErrorCode::unsupported,
                     "the address of \"" + place_.path + "\" knows no ranges"};
      }
      const bool expired = outcome && outcome->status == 403 && !std::exchange(renewed, true);
      if (!expired && !attempts.again(outcome)) {
        if (!outcome) return std::move(outcome).error();
        return error_of(*outcome, "downloading a range of \"" + place_.path + "\"");
      }
      Result<DirectAddress> fresh = direct_address(calls_, place_);  // it may have expired
      if (fresh) address = std::move(*fresh);
    }
  }

 private:
  Result<http::ClientResponse> try_once(const DirectAddress& address, PendingFile& file,
                                        Slice slice, const TransferProgress& told) {
    http::ClientRequest request = calls_.foreign_request("GET", address.url);
    request.headers = address.headers;
    request.headers.emplace_back("Range", "bytes=" + std::to_string(slice.offset) + "-" +
                                              std::to_string(slice.offset + slice.length - 1));
    std::uint64_t got = 0;
    const auto sink = [&](const http::ClientResponse& head,
                          std::string_view bytes) -> Result<void> {
      if (head.status != 206) {
        return Error{ErrorCode::unsupported, "the address knows no ranges"};
      }
      if (bytes.size() > slice.length - got) {
        return Error{ErrorCode::data_corrupt, "more bytes than the range has"};
      }
      if (Result<void> written = file.write_at(slice.offset + got, bytes); !written) return written;
      got += bytes.size();
      told(got, slice.length);
      return {};
    };
    Result<http::ClientResponse> outcome = calls_.try_once(
        request, {.source = {}, .sink = sink, .signature = {}, .stall_timeout = {}});
    if (outcome && outcome->status == 206 && got != slice.length) {
      return Error{ErrorCode::unavailable, "a range of \"" + place_.path + "\" ended early"};
    }
    return outcome;
  }

  ServerCalls& calls_;
  const ProxyPlace& place_;
  const DirectAddress address_;
};

}  // namespace

Result<void> upload_in_parts(ServerCalls& calls, const ProxyPlace& place, const SourceFile& file,
                             std::uint64_t chunk_bytes, ProgressSum& sum) {
  return PartUpload(calls, place, file).run(chunk_bytes, sum);
}

Result<void> download_in_ranges(ServerCalls& calls, const ProxyPlace& place,
                                const std::filesystem::path& file, std::uint64_t chunk_bytes,
                                const TransferProgress& progress) {
  Result<DirectAddress> address = direct_address(calls, place);
  if (!address) return std::move(address).error();
  RangeDownload download(calls, place, std::move(*address));
  Result<PendingFile> pending = PendingFile::create(file);
  if (!pending) return std::move(pending).error();
  const std::uint64_t size = download.size();
  if (Result<void> sized = pending->resize(size); !sized) return sized;
  ProgressSum sum(progress, size);
  const auto count = static_cast<std::size_t>((size + chunk_bytes - 1) / chunk_bytes);
  Result<void> done = for_each_parallel(count, kParallelParts, [&](std::size_t index) {
    const std::uint64_t offset = chunk_bytes * index;
    const Slice slice{.offset = offset, .length = std::min(chunk_bytes, size - offset)};
    return download.get(*pending, slice, sum.part());
  });
  if (!done) return done;
  return pending->publish();
}

}  // namespace liquid::tracking::artifacts
