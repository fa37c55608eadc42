#include "tracking/artifacts/partial_file.h"

#include <charconv>
#include <utility>
#include <vector>

#include "base/file.h"

// The note beside a partial download, written anew each time more of it is known to be on disk:
//
//   note = "liquid partial download 1" LF source LF etag LF total LF size LF

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTitle = "liquid partial download 1";
constexpr std::uint64_t kWorthKeepingBytes = std::uint64_t{8} << 20U;
constexpr std::uint64_t kNoteEveryBytes = std::uint64_t{64} << 20U;
constexpr std::uint64_t kMaxNoteBytes = std::uint64_t{64} << 10U;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos;) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<PartialFile> PartialFile::open(const fs::path& path, const std::string& source) {
  Result<PendingFile> file = PendingFile::take_up(path);
  if (file) {
    PartialFile partial(std::move(*file), source, Name::known);
    partial.take_up();
    if (Result<void> cut = partial.file_.resize(partial.size_); !cut) return std::move(cut).error();
    return partial;
  }
  if (file.error().code != ErrorCode::conflict) return std::move(file).error();
  Result<PendingFile> own = PendingFile::create(path);  // two downloads at the same time
  if (!own) return std::move(own).error();
  return PartialFile(std::move(*own), source, Name::own);
}

PartialFile::~PartialFile() {
  if (done_ || file_.hidden_path().empty()) return;
  if (worth_keeping() && note()) {
    file_.keep();
  } else {
    forget_note();
  }
}

fs::path PartialFile::note_path() const { return file_.hidden_path().string() + ".from"; }

void PartialFile::take_up() {
  const Result<std::string> text = read_file(note_path(), kMaxNoteBytes);
  if (!text) return;
  noted_ = true;
  const std::vector<std::string_view> lines = lines_of(*text);
  if (lines.size() != 5 || lines[0] != kTitle || lines[1] != origin_.source) return;
  const std::optional<std::uint64_t> total = number_of(lines[3]);
  const std::optional<std::uint64_t> size = number_of(lines[4]);
  const Result<std::uint64_t> there = file_.size();
  if (!total || !size || !there || *there < *size || lines[2].empty()) return;
  origin_.etag = std::string(lines[2]);
  origin_.total = total;
  size_ = noted_size_ = *size;
}

bool PartialFile::worth_keeping() const {
  return name_ == Name::known && size_ >= kWorthKeepingBytes && !origin_.etag.empty() &&
         origin_.total;
}

Result<void> PartialFile::note() {
  if (Result<void> synced = file_.sync(); !synced) return synced;
  const std::string text = std::string(kTitle) + "\n" + origin_.source + "\n" + origin_.etag +
                           "\n" + std::to_string(*origin_.total) + "\n" + std::to_string(size_) +
                           "\n";
  Result<void> written = write_file_atomically(note_path(), text);
  if (!written) return written;
  noted_ = true;
  noted_size_ = size_;
  return {};
}

void PartialFile::forget_note() {
  if (!std::exchange(noted_, false)) return;
  std::error_code ignored;  // a note without its file means nothing
  fs::remove(note_path(), ignored);
}

Result<void> PartialFile::restart(Origin origin) {
  forget_note();
  noted_size_ = size_ = 0;
  origin_ = std::move(origin);
  return file_.resize(0);
}

Result<void> PartialFile::append(std::string_view bytes) {
  if (Result<void> written = file_.write_at(size_, bytes); !written) return written;
  size_ += bytes.size();
  if (size_ - noted_size_ >= kNoteEveryBytes && worth_keeping()) return note();
  return {};
}

Result<void> PartialFile::publish() {
  forget_note();
  Result<void> published = file_.publish();
  done_ = published.has_value();
  return published;
}

}  // namespace liquid::tracking::artifacts
