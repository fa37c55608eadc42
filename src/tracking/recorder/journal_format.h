#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/recorder/operation.h"

// The bytes of a journal's files. The grammar stands at the top of journal_format.cpp.

namespace liquid::tracking::recorder {

inline constexpr std::size_t kSegmentHeaderBytes = 24;
inline constexpr std::size_t kFrameHeaderBytes = 12;
/// A longer frame is taken for damage; nothing that is written comes near it except a long text.
inline constexpr std::size_t kMaxFrameBytes = std::size_t{64} << 20U;

/// Metric keys that can be numbered; points of further ones carry their key themselves.
inline constexpr std::uint32_t kMaxKeys = 1U << 20U;

/// A place between two frames. Positions of one journal are ordered.
struct Position {
  std::uint64_t segment = 1;
  std::uint64_t offset = kSegmentHeaderBytes;
  // clang-tidy 14 takes the comparison with 0 inside for a pointer.
  auto operator<=>(const Position&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// What a segment's checksums depend on, so that frames of another journal or place are no frames.
struct SegmentIdentity {
  std::uint64_t number = 0;
  std::uint64_t salt = 0;
  bool operator==(const SegmentIdentity&) const = default;
};

std::string segment_header(const SegmentIdentity& identity);
/// Errors: data_corrupt, unsupported (a version that is not known).
Result<SegmentIdentity> parse_segment_header(std::string_view bytes);

/// Puts the frame's header before `payload`.
std::string frame(std::string_view payload, const SegmentIdentity& identity, std::uint64_t offset);
/// The payload of the frame at `offset` of the segment, a view into `bytes`, which begin at that
/// place; nothing where no whole, sound frame begins.
std::optional<std::string_view> read_frame(std::string_view bytes, const SegmentIdentity& identity,
                                           std::uint64_t offset);

/// How far into `bytes`, which begin at `offset` of the segment, the first sound frame begins that
/// holds entries; nothing when there is none. For what lies behind damage.
std::optional<std::size_t> find_frame(std::string_view bytes, const SegmentIdentity& identity,
                                      std::uint64_t offset);
/// Whether a process may have been interrupted while it wrote `bytes`, the end of a segment: part
/// of one frame, or what a file system filled up with zeros.
bool is_torn(std::string_view bytes);

/// Writes entries into one payload. A metric key is written out once per segment; `new_segment`
/// makes that begin anew.
class EntryWriter {
 public:
  struct Point {
    std::uint32_t key = 0;
    double value = 0.0;
    std::int64_t time_ms = 0;
    std::int64_t step = 0;
  };

  void new_segment() { known_keys_.clear(); }
  /// `name` is the text of `point.key`.
  void add(const Point& point, std::string_view name);
  void add(const Operation& operation);
  std::size_t entries() const { return entries_; }
  std::size_t bytes() const { return payload_.size(); }
  /// The payload; the writer is empty again.
  std::string take();

 private:
  std::string payload_;
  std::size_t entries_ = 0;
  std::int64_t last_time_ms_ = 0;
  std::vector<bool> known_keys_;  // by key
};

/// Reads the entries of a segment's payloads, which must come in order: keys are remembered.
class EntryReader {
 public:
  using Sink = std::function<void(Operation&&)>;
  /// Errors: data_corrupt; `sink` may have been called for the entries before the damage.
  Result<void> read(std::string_view payload, const Sink& sink);
  /// Payloads are missing from now on, and with them the names of keys: points without a name are
  /// left out and counted.
  void expect_gaps() { has_gaps_ = true; }
  std::uint64_t nameless_points() const { return nameless_points_; }

 private:
  std::vector<std::string> keys_;  // by key; empty: not known
  bool has_gaps_ = false;
  std::uint64_t nameless_points_ = 0;
};

/// A small file that is replaced as a whole: a magic word of 8 bytes and one frame.
std::string document(std::string_view magic, std::string_view payload);
/// A view into `bytes`. Errors: data_corrupt.
Result<std::string_view> parse_document(std::string_view magic, std::string_view bytes);

}  // namespace liquid::tracking::recorder
