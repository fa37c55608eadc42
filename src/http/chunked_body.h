#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/input_buffer.h"
#include "http/refusal.h"

namespace liquid::http {

/// Puts a chunked body together inside the buffer it arrived in.
///
/// Invariant between calls: the buffer holds `start` bytes of head, then `size()` bytes of body,
/// then bytes that were not understood yet.
class ChunkedBody {
 public:
  enum class Progress { needs_more, complete, failed };
  struct Limits {
    std::size_t max_body_bytes = 0;
    std::size_t max_overhead_bytes = 0;  ///< Chunk extensions and trailer fields, all together.
  };

  /// The first chunk-size line begins at `start`.
  void begin(std::size_t start, Limits limits);
  Progress decode(InputBuffer& input);

  std::size_t size() const { return size_; }
  /// When complete: where the next request begins.
  std::size_t end() const { return position_; }
  const Refusal& refusal() const { return refusal_; }

 private:
  enum class Part { size_line, data, data_end, trailer };

  Progress step(InputBuffer& input);
  Progress read_size_line(std::string_view input);
  Progress read_data(InputBuffer& input);
  Progress read_data_end(std::string_view input);
  Progress read_trailer(std::string_view input);
  std::optional<std::string_view> next_line(std::string_view input);
  Progress note_size(std::string_view line);
  Progress fail(const Refusal& refusal);

  Limits limits_;
  Part part_ = Part::size_line;
  std::size_t start_ = 0;
  std::size_t size_ = 0;
  std::size_t position_ = 0;
  std::size_t scanned_ = 0;
  std::uint64_t chunk_left_ = 0;
  std::size_t overhead_ = 0;
  bool failed_ = false;
  Refusal refusal_;
};

}  // namespace liquid::http
