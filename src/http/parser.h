#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/chunked_body.h"
#include "http/input_buffer.h"
#include "http/message.h"
#include "http/refusal.h"

namespace liquid::http {

struct ParserLimits {
  std::size_t max_head_bytes =
      std::size_t{16} * 1024;  ///< Request line, fields and the empty line.
  std::size_t max_body_bytes = std::size_t{1024} * 1024;  ///< After chunks are put together.
  std::size_t max_fields = 100;
};

/// Reads one HTTP/1.x request from the front of an InputBuffer, as the bytes come in. Strict: what
/// two implementations could understand differently is refused, not repaired.
///
/// The verdict depends on the bytes alone, never on how they were split over calls.
class RequestParser {
 public:
  enum class Stage {
    head,      ///< More bytes are needed before the head ends.
    body,      ///< The head is known; more bytes are needed.
    complete,  ///< `request()` is valid.
    failed,    ///< `refusal()` is valid; the connection cannot go on.
  };

  explicit RequestParser(ParserLimits limits) : limits_(limits) {}

  /// Goes on with the request at the front of `input`, which must hold all its bytes so far.
  /// Chunked bodies are put together inside `input`. Costs nothing for bytes that were looked at
  /// before.
  Stage parse(InputBuffer& input);

  Stage stage() const { return stage_; }
  /// Views into `input`, until it is changed.
  const Request& request() const { return request_; }
  const Refusal& refusal() const { return refusal_; }
  /// How much of `input` the complete request takes.
  std::size_t consumed() const { return position_; }

  /// From stage `body` on: does the client wait for "100 Continue"?
  bool expects_continue() const { return expects_continue_; }
  /// From stage `body` on: may another request follow on this connection?
  bool keep_alive() const { return keep_alive_; }
  /// From stage `body` on: 0 or 1, the second number of the version.
  int minor_version() const { return minor_version_; }

  /// Ready for the next request; the room for fields is kept.
  void reset();

 private:
  struct Piece {  // of the input; stays right when the buffer moves
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Piece name;
    Piece value;
  };

  void parse_head(std::string_view input);
  void parse_request_line(std::string_view line);
  void parse_version(std::string_view text);
  void parse_target(std::string_view text);
  void parse_absolute_target(std::string_view text);
  void parse_field(std::string_view line);
  void note_field(std::string_view name, std::string_view value);
  void note_content_length(std::string_view value);
  void note_transfer_encoding(std::string_view value);
  void note_connection(std::string_view value);
  void finish_head();
  void parse_body(InputBuffer& input);
  void build_request(std::string_view input);
  void refuse(const Refusal& refusal);
  Piece piece(std::string_view part) const;
  std::string_view text(std::string_view input, Piece piece) const;

  enum class LineKind { request, field };

  ParserLimits limits_;
  Stage stage_ = Stage::head;
  LineKind expected_ = LineKind::request;
  std::size_t position_ = 0;    // start of the first line or chunk that is not used up
  std::size_t scanned_ = 0;     // before it no line end was found
  const char* base_ = nullptr;  // of the input, during one call
  std::size_t head_size_ = 0;

  Piece method_;
  Piece target_;
  bool target_is_root_ = false;  // absolute form without a path
  int minor_version_ = 1;
  std::vector<Field> fields_;

  unsigned hosts_ = 0;
  bool has_content_length_ = false;
  std::uint64_t content_length_ = 0;
  bool chunked_ = false;
  bool close_asked_ = false;
  bool keep_alive_asked_ = false;
  bool expects_continue_ = false;
  bool keep_alive_ = true;

  ChunkedBody chunks_;
  std::vector<HeaderField> header_views_;
  Request request_;
  Refusal refusal_;
};

}  // namespace liquid::http
