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

 private:
  std::vector<std::string> keys_;  // by key
};

/// A small file that is replaced as a whole: a magic word of 8 bytes and one frame.
std::string document(std::string_view magic, std::string_view payload);
/// A view into `bytes`. Errors: data_corrupt.
Result<std::string_view> parse_document(std::string_view magic, std::string_view bytes);

}  // namespace liquid::tracking::recorder
