// RFC 9112, narrowed:
//
//   request      = request-line *( field-line CRLF ) CRLF [ body ]
//   request-line = method SP target SP "HTTP/1." ( "0" | "1" ) CRLF
//   method       = 1*32tchar
//   target       = origin-form | absolute-form | "*" (OPTIONS only)
//   origin-form  = "/" *visible                     visible = %x21-7E without "#"
//   absolute-form = ( "http://" | "https://" ) authority [ origin-form ]
//   field-line   = 1*tchar ":" *blank value *blank  value = no controls but HTAB
//   body         = Content-Length bytes | chunked-body (see chunked_body.cpp)
//
// Not taken, though some servers do: an empty line before the request line, a bare LF as line end,
// blanks before the colon, folded lines, CONNECT, more than one Content-Length, "Content-Length: 5,
// 5", Content-Length beside Transfer-Encoding, any transfer coding but one "chunked".

#include "http/parser.h"

#include <algorithm>
#include <array>

#include "http/scan.h"

namespace liquid::http {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::size_t kMaxLengthDigits = 19;  // no overflow of 64 bits
constexpr std::string_view kRoot = "/";

// VCHAR without "#": a fragment is never sent, and everything else must be percent-encoded.
constexpr bool is_target_char(char c) { return c > 0x20 && c < 0x7F && c != '#'; }

constexpr std::array<bool, 256> make_host_table() {
  std::array<bool, 256> table{};
  for (int c = 0x21; c < 0x7F; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("\"#/<>?@\\^`{|}")) {
    table[static_cast<unsigned char>(c)] = false;
  }
  return table;
}
constexpr std::array<bool, 256> kHostTable = make_host_table();

bool is_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return kHostTable[static_cast<unsigned char>(c)]; });
}

Method method_of(std::string_view text) {
  if (text == "POST") return Method::post;
  if (text == "GET") return Method::get;
  if (text == "HEAD") return Method::head;
  if (text == "PUT") return Method::put;
  if (text == "PATCH") return Method::patch;
  if (text == "DELETE") return Method::del;
  if (text == "OPTIONS") return Method::options;
  return Method::other;
}

// Calls `visit` with each member of a comma-separated list.
template <typename Visit>
void for_each_member(std::string_view list, Visit visit) {
  for (;;) {
    const std::size_t comma = list.find(',');
    visit(trim_blanks(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

void RequestParser::reset() {
  stage_ = Stage::head;
  expected_ = LineKind::request;
  position_ = scanned_ = head_size_ = 0;
  target_is_root_ = false;
  fields_.clear();
  hosts_ = 0;
  has_content_length_ = chunked_ = false;
  content_length_ = 0;
  close_asked_ = keep_alive_asked_ = expects_continue_ = false;
  keep_alive_ = true;
}

void RequestParser::refuse(const Refusal& refusal) {
  stage_ = Stage::failed;
  refusal_ = refusal;
  keep_alive_ = false;
}

RequestParser::Piece RequestParser::piece(std::string_view part) const {
  return {.begin = static_cast<std::uint32_t>(part.data() - base_),
          .size = static_cast<std::uint32_t>(part.size())};
}

std::string_view RequestParser::text(std::string_view input, Piece piece) const {
  return input.substr(piece.begin, piece.size);
}

RequestParser::Stage RequestParser::parse(InputBuffer& input) {
  if (stage_ == Stage::head) parse_head(input.view());
  if (stage_ == Stage::body) parse_body(input);
  if (stage_ == Stage::complete) build_request(input.view());
  return stage_;
}

void RequestParser::parse_head(std::string_view input) {
  base_ = input.data();
  const std::string_view head = input.substr(0, limits_.max_head_bytes);
  while (stage_ == Stage::head) {
    const std::size_t end = find_control(head, scanned_);
    scanned_ = end;
    if (end == head.size() || (head[end] == '\r' && end + 1 == head.size())) {
      if (head.size() < limits_.max_head_bytes) return;
      return refuse(expected_ == LineKind::request ? refusals::kTargetTooLong
                                                   : refusals::kHeadTooLarge);
    }
    if (head[end] != '\r' || head[end + 1] != '\n') return refuse(refusals::kBadLineEnd);
    const std::string_view line = head.substr(position_, end - position_);
    position_ = scanned_ = end + 2;
    if (expected_ == LineKind::request) {
      parse_request_line(line);
    } else if (line.empty()) {
      finish_head();
    } else {
      parse_field(line);
    }
  }
}

void RequestParser::parse_request_line(std::string_view line) {
  const std::size_t method_size = token_length(line);
  if (method_size == 0 || method_size == line.size() || line[method_size] != ' ') {
    return refuse(refusals::kBadRequestLine);
  }
  const std::size_t target_begin = method_size + 1;
  const std::size_t target_end = line.find(' ', target_begin);
  if (target_end == std::string_view::npos || target_end == target_begin) {
    return refuse(refusals::kBadRequestLine);
  }
  const std::string_view method = line.substr(0, method_size);
  method_ = piece(method);
  parse_version(line.substr(target_end + 1));
  if (stage_ == Stage::failed) return;
  if (method_size > kMaxMethodBytes || method == "CONNECT") return refuse(refusals::kUnknownMethod);
  request_.method = method_of(method);
  parse_target(line.substr(target_begin, target_end - target_begin));
  expected_ = LineKind::field;
}

void RequestParser::parse_version(std::string_view text) {
  if (text == "HTTP/1.1") {
    minor_version_ = 1;
  } else if (text == "HTTP/1.0") {
    minor_version_ = 0;
  } else {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool is_version = text.size() == 8 && text.substr(0, 5) == "HTTP/" && is_digit(text[5]) &&
                            text[6] == '.' && is_digit(text[7]);
    refuse(is_version ? refusals::kUnknownVersion : refusals::kBadRequestLine);
  }
}

void RequestParser::parse_target(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_target_char)) return refuse(refusals::kBadTarget);
  if (text.front() == '/' || (text == "*" && request_.method == Method::options)) {
    target_ = piece(text);
  } else {
    parse_absolute_target(text);
  }
}

// The authority stands in for Host (RFC 9112, 3.2.2); no layer looks at either.
void RequestParser::parse_absolute_target(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const bool known =
      scheme != std::string_view::npos && (equals_ignoring_case(text.substr(0, scheme), "http") ||
                                           equals_ignoring_case(text.substr(0, scheme), "https"));
  if (!known) return refuse(refusals::kBadTarget);
  const std::string_view rest = text.substr(scheme + 3);
  const std::size_t authority = std::min(rest.find_first_of("/?"), rest.size());
  if (authority == 0 || !is_host(rest.substr(0, authority))) return refuse(refusals::kBadTarget);
  if (authority == rest.size()) {
    target_is_root_ = true;
  } else if (rest[authority] == '/') {
    target_ = piece(rest.substr(authority));
  } else {
    refuse(refusals::kBadTarget);
  }
}

void RequestParser::parse_field(std::string_view line) {
  if (is_blank(line.front())) return refuse(refusals::kFoldedHeader);
  const std::size_t name_size = token_length(line);
  if (name_size == 0 || name_size == line.size() || line[name_size] != ':') {
    return refuse(refusals::kBadHeader);
  }
  if (fields_.size() == limits_.max_fields) return refuse(refusals::kHeadTooLarge);
  const std::string_view name = line.substr(0, name_size);
  const std::string_view value = trim_blanks(line.substr(name_size + 1));
  fields_.push_back({.name = piece(name), .value = piece(value)});
  note_field(name, value);
}

// The fields that decide where the request ends and what becomes of the connection.
void RequestParser::note_field(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (!equals_ignoring_case(name, "host")) return;
      if (++hosts_ > 1 || !is_host(value)) refuse(refusals::kBadHost);
      return;
    case 6:
      if (!equals_ignoring_case(name, "expect") || minor_version_ == 0) return;
      expects_continue_ = equals_ignoring_case(value, "100-continue");
      if (!expects_continue_) refuse(refusals::kUnknownExpectation);
      return;
    case 10:
      if (equals_ignoring_case(name, "connection")) note_connection(value);
      return;
    case 14:
      if (equals_ignoring_case(name, "content-length")) note_content_length(value);
      return;
    case 17:
      if (equals_ignoring_case(name, "transfer-encoding")) note_transfer_encoding(value);
      return;
    default: return;
  }
}

void RequestParser::note_content_length(std::string_view value) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (has_content_length_ || value.empty() || value.size() > kMaxLengthDigits ||
      !std::all_of(value.begin(), value.end(), is_digit)) {
    return refuse(refusals::kBadContentLength);
  }
  has_content_length_ = true;
  for (const char c : value)
    content_length_ = content_length_ * 10 + static_cast<unsigned>(c - '0');
}

void RequestParser::note_transfer_encoding(std::string_view value) {
  if (chunked_ || minor_version_ == 0) return refuse(refusals::kBadTransferEncoding);
  if (equals_ignoring_case(value, "chunked")) {
    chunked_ = true;
    return;
  }
  unsigned chunked_members = 0;
  for_each_member(value, [&](std::string_view member) {
    if (member.empty() || equals_ignoring_case(member, "chunked")) ++chunked_members;
  });
  // A list with "chunked" (or nothing) in it is where servers disagree; a coding of its own is not.
  refuse(chunked_members > 0 ? refusals::kBadTransferEncoding : refusals::kUnknownTransferCoding);
}

void RequestParser::note_connection(std::string_view value) {
  for_each_member(value, [&](std::string_view member) {
    if (token_length(member) != member.size()) refuse(refusals::kBadHeader);
    close_asked_ = close_asked_ || equals_ignoring_case(member, "close");
    keep_alive_asked_ = keep_alive_asked_ || equals_ignoring_case(member, "keep-alive");
  });
}

void RequestParser::finish_head() {
  if (minor_version_ == 1 && hosts_ == 0) return refuse(refusals::kBadHost);
  if (chunked_ && has_content_length_) return refuse(refusals::kBadTransferEncoding);
  if (content_length_ > limits_.max_body_bytes) return refuse(refusals::kBodyTooLarge);
  keep_alive_ = !close_asked_ && (minor_version_ == 1 || keep_alive_asked_);
  head_size_ = position_;
  if (chunked_) {
    chunks_.begin(head_size_, {.max_body_bytes = limits_.max_body_bytes,
                               .max_overhead_bytes = limits_.max_head_bytes});
  }
  stage_ = Stage::body;
}

void RequestParser::parse_body(InputBuffer& input) {
  if (!chunked_) {
    if (input.size() - head_size_ < content_length_) return;
    position_ = head_size_ + static_cast<std::size_t>(content_length_);
    stage_ = Stage::complete;
    return;
  }
  switch (chunks_.decode(input)) {
    case ChunkedBody::Progress::needs_more: return;
    case ChunkedBody::Progress::failed: return refuse(chunks_.refusal());
    case ChunkedBody::Progress::complete:
      content_length_ = chunks_.size();
      position_ = chunks_.end();
      stage_ = Stage::complete;
      return;
  }
}

void RequestParser::build_request(std::string_view input) {
  header_views_.clear();
  for (const Field& field : fields_) {
    header_views_.push_back({.name = text(input, field.name), .value = text(input, field.value)});
  }
  request_.headers = header_views_;
  request_.method_text = text(input, method_);
  request_.target = target_is_root_ ? kRoot : text(input, target_);
  const std::size_t question = request_.target.find('?');
  request_.path = request_.target.substr(0, question);
  request_.query = question == std::string_view::npos ? std::string_view()
                                                      : request_.target.substr(question + 1);
  request_.body = input.substr(head_size_, static_cast<std::size_t>(content_length_));
}

}  // namespace liquid::http
