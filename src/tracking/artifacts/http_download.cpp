#include "tracking/artifacts/http_download.h"

#include <charconv>
#include <optional>
#include <utility>

#include "tracking/artifacts/partial_file.h"
#include "tracking/artifacts/streamed_body.h"

namespace liquid::tracking::artifacts {
namespace {

// How often a download may start from the beginning because the file changed meanwhile.
constexpr int kMaxRestarts = 3;
// So much in one attempt shows that the connection works, and failures are counted anew.
constexpr std::uint64_t kProgressBytes = std::uint64_t{1} << 20U;

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Content-Range = "bytes " first "-" last "/" total
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};

std::optional<ContentRange> content_range(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos) return std::nullopt;
  const auto first = number_of(text.substr(0, dash));
  const auto total = number_of(text.substr(slash + 1));
  if (!first || !total) return std::nullopt;
  return ContentRange{.first = *first, .total = *total};
}

// A weak tag says that two bodies mean the same, not that they have the same bytes.
std::string strong_etag(const http::ClientResponse& head) {
  const std::string_view etag = head.header("etag");
  return etag.starts_with("W/") ? std::string() : std::string(etag);
}

class Fetch {
 public:
  Fetch(const HttpDownload& download, PartialFile file, Attempts attempts)
      : download_(download), file_(std::move(file)), attempts_(attempts) {}

  Result<void> run() {
    for (;;) {
      const std::uint64_t before = file_.size();
      Result<http::ClientResponse> outcome = attempt();
      if (outcome && outcome->status / 100 == 2) return finish();
      if (file_.size() > before + kProgressBytes) attempts_.got_further();
      if (must_restart(outcome)) {
        Result<void> cleared = file_.restart({.source = download_.source, .etag = {}, .total = {}});
        if (!cleared) return cleared;
        continue;
      }
      if (attempts_.again(outcome)) continue;
      if (!outcome) return std::move(outcome).error();
      return error_of(*outcome, "downloading " + download_.source);
    }
  }

 private:
  Result<http::ClientResponse> attempt() {
    std::vector<std::pair<std::string, std::string>> headers;
    if (file_.size() > 0) {
      headers.emplace_back("Range", "bytes=" + std::to_string(file_.size()) + "-");
      if (!file_.origin().etag.empty()) headers.emplace_back("If-Range", file_.origin().etag);
    }
    started_ = false;
    changed_ = false;
    Result<http::ClientResponse> response = download_.get(
        headers, [this](const http::ClientResponse& head, std::string_view bytes) -> Result<void> {
          if (Result<void> begun = begin(head); !begun) return begun;
          if (Result<void> appended = file_.append(bytes); !appended) return appended;
          if (download_.progress) tell();
          return {};
        });
    if (!response || response->status / 100 != 2) return response;
    if (Result<void> begun = begin(*response); !begun) return std::move(begun).error();
    return complete() ? std::move(response) : cut_off();
  }

  void tell() {
    const std::uint64_t total = file_.origin().total.value_or(file_.size());
    if (file_.size() <= told_) return;
    told_ = file_.size();
    download_.progress(told_, std::max(told_, total));
  }

  Result<void> begin(const http::ClientResponse& head) {
    if (std::exchange(started_, true)) return {};
    expected_sha256_ = std::string(head.header("x-amz-meta-sha256"));
    if (head.status == 206) return check_continuation(head);
    return file_.restart({.source = download_.source,
                          .etag = strong_etag(head),
                          .total = number_of(head.header("content-length"))});
  }

  Result<void> check_continuation(const http::ClientResponse& head) {
    const Origin& origin = file_.origin();
    const std::optional<ContentRange> range = content_range(head.header("content-range"));
    if (range && range->first == file_.size() && (!origin.total || *origin.total == range->total) &&
        (origin.etag.empty() || origin.etag == strong_etag(head))) {
      return {};
    }
    changed_ = true;
    return Error{ErrorCode::conflict, "the file changed while it was downloaded"};
  }

  bool must_restart(const Result<http::ClientResponse>& outcome) {
    const bool unsatisfiable = outcome && outcome->status == 416 && file_.size() > 0;
    return (changed_ || unsatisfiable) && ++restarts_ <= kMaxRestarts;
  }

  bool complete() const { return file_.origin().total.value_or(file_.size()) == file_.size(); }

  Error cut_off() const {
    return Error{ErrorCode::unavailable, download_.source + ": the answer ended after " +
                                             std::to_string(file_.size()) + " of " +
                                             std::to_string(*file_.origin().total) + " bytes"};
  }

  Result<void> finish() {
    if (!expected_sha256_.empty()) {
      Result<void> verified = verify();
      if (!verified) return verified;
    }
    return file_.publish();
  }

  // Reads the file once more: parts of it may have come in another process.
  Result<void> verify() {
    Result<SourceFile> whole = SourceFile::open(file_.hidden_path());
    if (!whole) return std::move(whole).error();
    Result<Digest> digest = digest_of(*whole, {.offset = 0, .length = whole->size()});
    if (!digest) return std::move(digest).error();
    if (digest->hex() == expected_sha256_) return {};
    Result<void> cleared = file_.restart({.source = download_.source, .etag = {}, .total = {}});
    if (!cleared) return cleared;
    return Error{ErrorCode::data_corrupt, download_.source + ": has the SHA-256 " + digest->hex() +
                                              ", and " + expected_sha256_ +
                                              " was noted when it was uploaded"};
  }

  const HttpDownload& download_;
  PartialFile file_;
  Attempts attempts_;
  bool started_ = false;
  bool changed_ = false;
  int restarts_ = 0;
  std::uint64_t told_ = 0;
  std::string expected_sha256_;
};

}  // namespace

Result<void> fetch(const HttpDownload& download, Attempts attempts) {
  Result<PartialFile> file = PartialFile::open(download.file, download.source);
  if (!file) return std::move(file).error();
  return Fetch(download, std::move(*file), attempts).run();
}

}  // namespace liquid::tracking::artifacts
