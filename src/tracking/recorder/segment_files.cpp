#include "tracking/recorder/segment_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace liquid::tracking::recorder {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = std::size_t{256} << 10U;

Error file_error(const fs::path& path, std::string_view doing) {
  const int number = errno;
  const ErrorCode code = number == EACCES || number == EPERM || number == EROFS
                             ? ErrorCode::permission_denied
                             : ErrorCode::unavailable;
  return Error{code,
               path.string() + ": cannot " + std::string(doing) + ": " + std::strerror(number)};
}

std::uint64_t file_bytes(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

void sync_folder(const fs::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace

SegmentWriter::SegmentWriter(const JournalFolder& folder, std::uint64_t segment_bytes)
    : folder_(folder), segment_bytes_(segment_bytes) {}

SegmentWriter::~SegmentWriter() { close(); }

void SegmentWriter::close() {
  if (file_ < 0) return;
  ::fdatasync(file_);
  ::close(file_);
  file_ = -1;
}

Result<SegmentWriter::Segment> SegmentWriter::prepare() {
  if (file_ >= 0 && size_ < segment_bytes_) return Segment::same;
  close();
  const SegmentIdentity identity{number_ + 1, folder_.plan().salt};
  const fs::path path = folder_.segment_path(identity.number);
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) return file_error(path, "create");
  if (Result<void> written = write_at(segment_header(identity), 0); !written) {
    ::close(std::exchange(file_, -1));
    return std::move(written).error();
  }
  sync_folder(folder_.path());
  number_ = identity.number;
  size_ = kSegmentHeaderBytes;
  return Segment::fresh;
}

Result<void> SegmentWriter::append(std::string_view payload) {
  const std::string bytes = frame(payload, {number_, folder_.plan().salt}, size_);
  if (Result<void> written = write_at(bytes, size_); !written) return written;
  size_ += bytes.size();
  return {};
}

Result<void> SegmentWriter::write_at(std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error(folder_.path(), "write a segment");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> SegmentWriter::sync() {
  if (file_ < 0 || ::fdatasync(file_) == 0) return {};
  return file_error(folder_.path(), "fsync a segment");
}

SegmentReader::SegmentReader(fs::path folder, std::uint64_t salt, Position from)
    : folder_(std::move(folder)), salt_(salt), position_(from) {}

SegmentReader::~SegmentReader() {
  if (file_ >= 0) ::close(file_);
}

Result<SegmentReader::Read> SegmentReader::next(Position limit, const EntryReader::Sink& sink) {
  while (position_ < limit) {
    const Result<bool> opened = open_segment();
    if (!opened) return opened.error();
    if (*opened) {
      Result<std::optional<std::string_view>> payload = next_payload();
      if (!payload) return std::move(payload).error();
      if (*payload) {
        if (Result<void> read = read_entries(**payload, sink); !read)
          return std::move(read).error();
        return Read::frame;
      }
      // The writer of a living journal has gone on only when its limit says so.
      if (limit.segment == position_.segment) return Read::nothing;
      const Result<bool> skipped = skip_damage(UINT64_MAX);
      if (!skipped) return skipped.error();
      if (*skipped) continue;
    }
    const Result<bool> went = go_to_next_segment();
    if (!went) return went.error();
    if (!*went) return Read::nothing;
  }
  return Read::nothing;
}

// Of the frame at the position, which moves behind it.
Result<void> SegmentReader::read_entries(std::string_view payload, const EntryReader::Sink& sink) {
  const std::uint64_t size = kFrameHeaderBytes + payload.size();
  const std::uint64_t nameless = entries_.nameless_points();
  if (Result<void> read = entries_.read(payload, sink); !read) {
    return std::move(read).error().with_context(segment_path(folder_, position_.segment).string() +
                                                ", byte " + std::to_string(position_.offset));
  }
  if (entries_.nameless_points() > nameless) note_damage(position_.offset, size);
  position_.offset += size;
  return {};
}

Result<bool> SegmentReader::open_segment() {
  if (file_ >= 0) return true;
  const fs::path path = segment_path(folder_, position_.segment);
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0 && errno == ENOENT) return false;
  if (file_ < 0) return file_error(path, "open");
  buffer_.clear();
  const Result<std::string_view> bytes = bytes_at(0, kSegmentHeaderBytes);
  if (!bytes) return bytes.error();
  // A process that was killed while it began the segment leaves part of a header, and nothing else.
  if (bytes->size() < kSegmentHeaderBytes) {
    position_.offset = std::max<std::uint64_t>(position_.offset, file_bytes(file_));
    return true;
  }
  if (Result<void> checked = check_header(); !checked) {
    return std::move(checked).error().with_context(path.string());
  }
  if (Result<void> learned = learn_keys(); !learned) return std::move(learned).error();
  return true;
}

// Frames prove themselves whose they are, so a damaged header costs nothing but itself.
Result<void> SegmentReader::check_header() {
  const Result<std::string_view> bytes = bytes_at(0, kSegmentHeaderBytes);
  if (!bytes) return bytes.error();
  const Result<SegmentIdentity> identity = parse_segment_header(*bytes);
  if (!identity && identity.error().code == ErrorCode::unsupported) return identity.error();
  const bool is_sound = identity && *identity == SegmentIdentity{position_.segment, salt_};
  // Noted already when it was read in an earlier life.
  if (!is_sound && position_.offset <= kSegmentHeaderBytes) note_damage(0, kSegmentHeaderBytes);
  return {};
}

void SegmentReader::note_damage(std::uint64_t offset, std::uint64_t bytes) {
  entries_.expect_gaps();
  damage_.push_back({segment_path(folder_, position_.segment).filename().string(), offset, bytes});
}

// Whether a sound frame before `limit` comes behind what the position stands before.
Result<bool> SegmentReader::skip_damage(std::uint64_t limit) {
  const std::uint64_t end = std::min(limit, file_bytes(file_));
  if (end <= position_.offset) return false;
  const std::uint64_t left = end - position_.offset;
  const Result<std::string_view> rest = bytes_at(position_.offset, left);
  if (!rest) return rest.error();
  const std::string_view bytes = rest->substr(0, left);
  const auto next = find_frame(bytes, {position_.segment, salt_}, position_.offset);
  if (next || !is_torn(bytes)) note_damage(position_.offset, next.value_or(bytes.size()));
  position_.offset += next.value_or(bytes.size());
  return next.has_value();
}

// What was read in an earlier life is read again for the keys it defines.
Result<void> SegmentReader::learn_keys() {
  const std::uint64_t target = std::exchange(position_.offset, kSegmentHeaderBytes);
  const std::vector<Damage> noted = damage_;
  while (position_.offset < target) {
    Result<std::optional<std::string_view>> payload = next_payload();
    if (!payload) return std::move(payload).error();
    if (*payload) {
      Result<void> read = read_entries(**payload, [](Operation&&) {});
      if (!read) return read;
      continue;
    }
    const Result<bool> skipped = skip_damage(target);
    if (!skipped) return skipped.error();
    if (!*skipped) break;
  }
  position_.offset = std::max(position_.offset, target);
  damage_ = noted;  // that life has told of it
  return {};
}

Result<std::optional<std::string_view>> SegmentReader::next_payload() {
  const SegmentIdentity identity{position_.segment, salt_};
  Result<std::string_view> bytes = bytes_at(position_.offset, kFrameHeaderBytes);
  if (!bytes) return std::move(bytes).error();
  if (bytes->size() < kFrameHeaderBytes) return std::optional<std::string_view>();
  std::uint32_t size = 0;
  std::memcpy(&size, bytes->data(), sizeof(size));
  if (size > kMaxFrameBytes) return std::optional<std::string_view>();
  bytes = bytes_at(position_.offset, kFrameHeaderBytes + std::size_t{size});
  if (!bytes) return std::move(bytes).error();
  auto payload = read_frame(*bytes, identity, position_.offset);
  if (payload || buffer_offset_ == position_.offset) return payload;
  // The buffer may hold what the frame's place was before its writer had come that far.
  buffer_.clear();
  bytes = bytes_at(position_.offset, kFrameHeaderBytes + std::size_t{size});
  if (!bytes) return std::move(bytes).error();
  return read_frame(*bytes, identity, position_.offset);
}

// At least `size` bytes unless the file ends before.
Result<std::string_view> SegmentReader::bytes_at(std::uint64_t offset, std::size_t size) {
  const bool inside = offset >= buffer_offset_ && offset <= buffer_offset_ + buffer_.size();
  if (!inside || buffer_offset_ + buffer_.size() - offset < size) {
    buffer_.resize(std::max(size, kReadBytes));
    buffer_offset_ = offset;
    std::size_t filled = 0;
    while (filled < buffer_.size()) {
      const ssize_t got = ::pread(file_, buffer_.data() + filled, buffer_.size() - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        buffer_.clear();
        return file_error(segment_path(folder_, position_.segment), "read");
      }
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    buffer_.resize(filled);
  }
  return std::string_view(buffer_).substr(static_cast<std::size_t>(offset - buffer_offset_));
}

Result<bool> SegmentReader::go_to_next_segment() {
  const std::vector<std::uint64_t> numbers = segments_in(folder_);
  const auto next = std::upper_bound(numbers.begin(), numbers.end(), position_.segment);
  if (next == numbers.end()) return false;
  for (++position_.segment; file_ >= 0 && position_.segment < *next; ++position_.segment) {
    note_damage(0, 0);
  }
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  position_ = {*next, kSegmentHeaderBytes};
  buffer_.clear();
  return true;
}

}  // namespace liquid::tracking::recorder
