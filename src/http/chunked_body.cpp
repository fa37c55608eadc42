// RFC 9112, section 7.1, without BWS around extensions:
//
//   chunked-body   = *chunk last-chunk trailer-section CRLF
//   chunk          = chunk-size *( ";" extension ) CRLF chunk-data CRLF
//   chunk-size     = 1*15HEXDIG
//   last-chunk     = 1*15("0") *( ";" extension ) CRLF
//   extension      = 1*tchar [ "=" ( 1*tchar | quoted-string ) ]
//   trailer-section = *( field-line CRLF )     without kNotInTrailers
//
// Extensions and trailers mean nothing here; they are checked, bounded and dropped.

#include "http/chunked_body.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "http/message.h"
#include "http/scan.h"

namespace liquid::http {
namespace {

constexpr std::size_t kMaxSizeDigits = 15;  // no overflow of 64 bits

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Size of the quoted string of ASCII at the front, 0 when there is none. Controls are gone already.
std::size_t quoted_length(std::string_view text) {
  if (text.empty() || text[0] != '"') return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (static_cast<unsigned char>(text[i]) >= 0x80) return 0;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

// What stands behind the digits of a chunk size.
bool are_extensions(std::string_view text) {
  while (!text.empty()) {
    if (text[0] != ';') return false;
    text.remove_prefix(1);
    const std::size_t name = token_length(text);
    if (name == 0) return false;
    text.remove_prefix(name);
    if (text.empty() || text[0] != '=') continue;
    text.remove_prefix(1);
    const std::size_t value = std::max(token_length(text), quoted_length(text));
    if (value == 0) return false;
    text.remove_prefix(value);
  }
  return true;
}

// Fields that say where a message ends or where it goes: in a trailer they are only ever an attack.
constexpr std::array<std::string_view, 6> kNotInTrailers = {
    "content-length", "transfer-encoding", "host", "connection", "expect", "upgrade"};

bool is_trailer_line(std::string_view line) {
  const std::string_view name = line.substr(0, token_length(line));
  if (name.empty() || name.size() == line.size() || line[name.size()] != ':') return false;
  return std::none_of(
      kNotInTrailers.begin(), kNotInTrailers.end(),
      [name](std::string_view refused) { return equals_ignoring_case(name, refused); });
}

}  // namespace

void ChunkedBody::begin(std::size_t start, Limits limits) {
  *this = ChunkedBody();
  limits_ = limits;
  start_ = position_ = scanned_ = start;
}

ChunkedBody::Progress ChunkedBody::fail(const Refusal& refusal) {
  refusal_ = refusal;
  failed_ = true;
  return Progress::failed;
}

ChunkedBody::Progress ChunkedBody::decode(InputBuffer& input) {
  for (;;) {
    const std::size_t before = position_;
    const Part part = part_;
    const Progress progress = step(input);
    if (progress != Progress::needs_more) return progress;
    if (position_ == before && part_ == part) break;
  }
  // Without this a body of one-byte chunks would need six times its size.
  const std::size_t gap = position_ - (start_ + size_);
  input.erase(start_ + size_, gap);
  position_ -= gap;
  scanned_ -= gap;
  return Progress::needs_more;
}

// One part further; `needs_more` with nothing moved means that bytes are missing.
ChunkedBody::Progress ChunkedBody::step(InputBuffer& input) {
  switch (part_) {
    case Part::size_line: return read_size_line(input.view());
    case Part::data: return read_data(input);
    case Part::data_end: return read_data_end(input.view());
    case Part::trailer: return read_trailer(input.view());
  }
  return Progress::failed;
}

// The line at `position_` without its end; moves behind it. Nothing when bytes are missing or when
// the line is malformed (`failed_`).
std::optional<std::string_view> ChunkedBody::next_line(std::string_view input) {
  const std::size_t allowed = limits_.max_overhead_bytes - overhead_;
  const std::size_t end = find_control(input, scanned_);
  if (end - position_ > allowed + kMaxSizeDigits) {
    fail(part_ == Part::trailer ? refusals::kHeadTooLarge : refusals::kBadChunk);
    return {};
  }
  scanned_ = end;
  if (end == input.size() || (input[end] == '\r' && end + 1 == input.size())) return {};
  if (input[end] != '\r' || input[end + 1] != '\n') {
    fail(refusals::kBadChunk);
    return {};
  }
  const std::string_view line = input.substr(position_, end - position_);
  position_ = scanned_ = end + 2;
  return line;
}

ChunkedBody::Progress ChunkedBody::read_size_line(std::string_view input) {
  const std::optional<std::string_view> line = next_line(input);
  if (!line) return failed_ ? Progress::failed : Progress::needs_more;
  return note_size(*line);
}

ChunkedBody::Progress ChunkedBody::note_size(std::string_view line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < line.size() && hex_value(line[digits]) >= 0; ++digits) {
    if (digits == kMaxSizeDigits) return fail(refusals::kBadChunk);
    size = size * 16 + static_cast<std::uint64_t>(hex_value(line[digits]));
  }
  if (digits == 0 || !are_extensions(line.substr(digits))) return fail(refusals::kBadChunk);
  overhead_ += line.size() - digits;
  if (overhead_ > limits_.max_overhead_bytes) return fail(refusals::kBadChunk);
  if (size > limits_.max_body_bytes - size_) return fail(refusals::kBodyTooLarge);
  chunk_left_ = size;
  part_ = size == 0 ? Part::trailer : Part::data;
  return Progress::needs_more;
}

ChunkedBody::Progress ChunkedBody::read_data(InputBuffer& input) {
  const std::size_t count =
      static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size() - position_));
  std::memmove(input.data() + start_ + size_, input.data() + position_, count);
  size_ += count;
  position_ += count;
  scanned_ = position_;
  chunk_left_ -= count;
  if (chunk_left_ == 0) part_ = Part::data_end;
  return Progress::needs_more;
}

ChunkedBody::Progress ChunkedBody::read_data_end(std::string_view input) {
  const std::string_view end = input.substr(position_, 2);
  if (end != std::string_view("\r\n").substr(0, end.size())) return fail(refusals::kBadChunk);
  if (end.size() < 2) return Progress::needs_more;
  position_ += 2;
  scanned_ = position_;
  part_ = Part::size_line;
  return Progress::needs_more;
}

ChunkedBody::Progress ChunkedBody::read_trailer(std::string_view input) {
  const std::optional<std::string_view> line = next_line(input);
  if (!line) return failed_ ? Progress::failed : Progress::needs_more;
  if (line->empty()) return Progress::complete;
  overhead_ += line->size() + 2;
  if (overhead_ > limits_.max_overhead_bytes) return fail(refusals::kHeadTooLarge);
  if (!is_trailer_line(*line)) return fail(refusals::kBadChunk);
  return Progress::needs_more;
}

}  // namespace liquid::http
