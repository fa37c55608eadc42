#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tracking/recorder/journal_folder.h"
#include "tracking/recorder/journal_format.h"

namespace liquid::tracking::recorder {

/// Appends frames to a journal's segments. One thread at a time.
///
/// A frame is written at a place of its own choosing (pwrite), so a write that failed half-way, as
/// on a full disk, is simply done again; readers meet a torn frame until then.
class SegmentWriter {
 public:
  /// `segment_bytes`: a segment that has reached this size is not continued.
  SegmentWriter(const JournalFolder& folder, std::uint64_t segment_bytes);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  enum class Segment { same, fresh };
  /// Opens the next segment when there is none or it is full. After `fresh` keys must be written
  /// out again. Errors: unavailable, permission_denied; the call may be repeated.
  Result<Segment> prepare();
  /// Errors: unavailable (disk full, say); the same call may be repeated. Only after `prepare`.
  Result<void> append(std::string_view payload);
  /// Waits for the disk. Errors: unavailable.
  Result<void> sync();

  /// Behind the last whole frame.
  Position end() const { return {number_, size_}; }

 private:
  Result<void> write_at(std::string_view bytes, std::uint64_t offset);
  void close();

  const JournalFolder& folder_;
  const std::uint64_t segment_bytes_;
  int file_ = -1;
  std::uint64_t number_ = 0;
  std::uint64_t size_ = 0;
};

/// Bytes of a journal's file that cannot be read: neither sound frames nor the torn end of one; or
/// a frame with points whose key stood in such bytes.
struct Damage {
  std::string file;  ///< Its name in the journal's folder.
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  ///< 0: the whole file is missing.
  bool operator==(const Damage&) const = default;
};

/// Reads a journal's entries from a position on, frame by frame. One thread at a time.
class SegmentReader {
 public:
  SegmentReader(std::filesystem::path folder, std::uint64_t salt, Position from);
  ~SegmentReader();
  SegmentReader(const SegmentReader&) = delete;
  SegmentReader& operator=(const SegmentReader&) = delete;

  enum class Read { frame, nothing };
  /// Hands the entries of the next frame before `limit` to `sink`. `nothing`: there is none (yet).
  /// Damage in a segment that nobody writes any more is skipped and noted, up to the next sound
  /// frame. Errors: unavailable (read error), data_corrupt, unsupported.
  Result<Read> next(Position limit, const EntryReader::Sink& sink);
  /// Behind the last frame that was read.
  Position position() const { return position_; }
  /// What was skipped since the last call.
  std::vector<Damage> take_damage() { return std::exchange(damage_, {}); }

 private:
  Result<bool> open_segment();
  Result<std::string_view> bytes_at(std::uint64_t offset, std::size_t size);
  Result<bool> go_to_next_segment();
  Result<std::optional<std::string_view>> next_payload();
  Result<void> read_entries(std::string_view payload, const EntryReader::Sink& sink);
  Result<bool> skip_damage(std::uint64_t limit);
  void note_damage(std::uint64_t offset, std::uint64_t bytes);
  Result<void> check_header();
  Result<void> learn_keys();

  const std::filesystem::path folder_;
  const std::uint64_t salt_;
  Position position_;
  std::vector<Damage> damage_;
  int file_ = -1;
  EntryReader entries_;  // keys keep their numbers in all segments
  std::string buffer_;   // bytes of the file from buffer_offset_ on
  std::uint64_t buffer_offset_ = 0;
};

}  // namespace liquid::tracking::recorder
