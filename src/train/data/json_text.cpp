#include "train/data/json_text.h"

#include <algorithm>
#include <array>

#include "base/unicode.h"

// RFC 8259:
//   text   = ws value ws
//   value  = "null" | "true" | "false" | number | string | array | object
//   array  = "[" ws [ value ws *( "," ws value ws ) ] "]"
//   object = "{" ws [ string ws ":" ws value ws *( "," ws string ws ":" ws value ws ) ] "}"
//   number = ["-"] ( "0" | 1-9 *digit ) [ "." 1*digit ] [ ("e"|"E") ["+"|"-"] 1*digit ]
//   string = DQUOTE *( plain | "\" ["\/bfnrt] | "\u" 4*hex ) DQUOTE
//   plain  = any code point from 0x20 but DQUOTE and "\"
// A reader of its own, not Boost.JSON, for two reasons: a user is told the column and what was
// expected there, and values are handed on as they were spelt (1.0 must not become 1E0).

namespace liquid::train {
namespace {

constexpr std::size_t kMaxDepth = 128;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<unsigned> hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

bool is_high_surrogate(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Accepts exactly the grammar above; `reason` says what stopped it at `position`.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  bool whole_text() {
    if (!value(0)) return false;
    skip_space();
    return at_end() || fail("expected the end of the row, found " + found());
  }
  std::size_t position() const { return position_; }
  const std::string& reason() const { return reason_; }

 private:
  bool at_end() const { return position_ == text_.size(); }
  char here() const { return at_end() ? '\0' : text_[position_]; }
  void skip_space() {
    while (!at_end() && is_space(text_[position_])) ++position_;
  }
  bool take(char wanted) {
    if (at_end() || here() != wanted) return false;
    ++position_;
    return true;
  }
  bool fail(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }

  std::string found() const {
    if (at_end()) return "the end (is the row cut off?)";
    const auto byte = static_cast<unsigned char>(here());
    if (here() == '\'') return "' (JSON strings stand in double quotes)";
    if (byte < 0x20) return "a control character";
    std::size_t end = position_;
    next_code_point(text_, end);
    return "'" + std::string(text_.substr(position_, end - position_)) + "'";
  }

  bool value(std::size_t depth) {
    skip_space();
    switch (here()) {
      case '{': return depth < kMaxDepth ? object(depth) : too_deep();
      case '[': return depth < kMaxDepth ? array(depth) : too_deep();
      case '"': return string();
      case 'n': return literal("null");
      case 't': return literal("true");
      case 'f': return literal("false");
      default: break;
    }
    if (here() == '-' || is_digit(here())) return number();
    const std::string_view rest = text_.substr(position_);
    for (const std::string_view word : {"True", "False", "None", "NaN", "Infinity"}) {
      if (rest.starts_with(word)) return fail(std::string(word) + " is Python, not JSON");
    }
    return fail("expected a value, found " + found());
  }

  bool too_deep() { return fail("nested deeper than " + std::to_string(kMaxDepth)); }

  bool literal(std::string_view word) {
    if (!text_.substr(position_).starts_with(word)) {
      return fail("expected " + std::string(word) + ", found " + found());
    }
    position_ += word.size();
    return true;
  }

  bool digits() {
    if (!is_digit(here())) return fail("expected a digit, found " + found());
    while (is_digit(here())) ++position_;
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  bool array(std::size_t depth) {
    ++position_;
    skip_space();
    if (take(']')) return true;
    for (;;) {
      if (!value(depth + 1)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return fail("expected ',' or ']', found " + found());
    }
  }

  bool object(std::size_t depth) {
    ++position_;
    skip_space();
    if (take('}')) return true;
    for (;;) {
      skip_space();
      if (here() != '"') return fail("expected a field name in double quotes, found " + found());
      if (!string()) return false;
      skip_space();
      if (!take(':')) return fail("expected ':', found " + found());
      if (!value(depth + 1)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return fail("expected ',' or '}', found " + found());
    }
  }

  bool string() {
    ++position_;
    while (!at_end()) {
      const char c = here();
      if (c == '"') {
        ++position_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return control_character(c);
      ++position_;
      if (c == '\\' && !escape()) return false;
    }
    return fail("the string has no end (is the row cut off?)");
  }

  bool control_character(char c) {
    if (c == '\n') return fail("a line break inside a string is written \\n");
    if (c == '\t') return fail("a tab inside a string is written \\t");
    return fail("a control character inside a string is written \\u00XX");
  }

  bool escape() {
    if (at_end()) return fail("the string has no end (is the row cut off?)");
    if (here() != 'u') {
      if (std::string_view("\"\\/bfnrt").find(here()) == std::string_view::npos) {
        return fail("no escape in JSON: \\ and " + found());
      }
      ++position_;
      return true;
    }
    ++position_;
    unsigned unit = 0;
    if (!hex_digits(unit)) return false;
    if (is_low_surrogate(unit)) return fail("\\u escape is the second half of a character");
    if (!is_high_surrogate(unit)) return true;
    unsigned low = 0;
    if (!take('\\') || !take('u') || !hex_digits(low) || !is_low_surrogate(low)) {
      return fail("\\u escape is the first half of a character without its second");
    }
    return true;
  }

  bool hex_digits(unsigned& unit) {
    for (int i = 0; i < 4; ++i) {
      const std::optional<unsigned> digit = hex_value(here());
      if (!digit) return fail("expected four hexadecimal digits after \\u, found " + found());
      unit = unit * 16 + *digit;
      ++position_;
    }
    return true;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::string reason_;
};

JsonFault fault_at(std::string_view text, std::size_t position, std::string reason) {
  JsonFault fault;
  fault.reason = std::move(reason);
  const std::string_view before = text.substr(0, position);
  fault.line += std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::string_view line = newline == before.npos ? before : before.substr(newline + 1);
  fault.column += std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  });
  return fault;
}

// The functions below walk over a text that was checked.

std::size_t after_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (text[at] == '"') return end_of_string(text, at);
  if (text[at] != '{' && text[at] != '[') {
    return std::min(text.find_first_of(" \t\r\n,]}", at), text.size());
  }
  std::size_t depth = 0;
  do {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  } while (depth > 0);
  return at;
}

unsigned code_unit(std::string_view text, std::size_t at) {
  unsigned unit = 0;
  for (std::size_t i = 0; i < 4; ++i) unit = unit * 16 + hex_value(text[at + i]).value_or(0);
  return unit;
}

// `at` stands on the letter after the backslash; returns the place behind the escape.
std::size_t append_escape(std::string_view text, std::size_t at, std::string& decoded) {
  switch (text[at]) {
    case 'b': decoded += '\b'; return at + 1;
    case 'f': decoded += '\f'; return at + 1;
    case 'n': decoded += '\n'; return at + 1;
    case 'r': decoded += '\r'; return at + 1;
    case 't': decoded += '\t'; return at + 1;
    case 'u': break;
    default: decoded += text[at]; return at + 1;
  }
  unsigned code_point = code_unit(text, at + 1);
  at += 5;
  if (is_high_surrogate(code_point)) {
    code_point = 0x10000 + ((code_point - 0xD800) << 10U) + (code_unit(text, at + 2) - 0xDC00);
    at += 6;
  }
  append_utf8(decoded, static_cast<char32_t>(code_point));
  return at;
}

std::string decode_string(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 1; at + 1 < text.size();) {
    const std::size_t stop = std::min(text.find('\\', at), text.size() - 1);
    decoded.append(text, at, stop - at);
    at = stop;
    if (at + 1 < text.size()) at = append_escape(text, at + 1, decoded);
  }
  return decoded;
}

}  // namespace

std::optional<std::size_t> first_byte_not_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::nullopt;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 1;
    while (length <= 4 && at + length <= text.size() && !is_valid_utf8(text.substr(at, length))) {
      ++length;
    }
    if (length > 4 || at + length > text.size()) return at;
    at += length;
  }
  return std::nullopt;
}

std::string not_utf8(std::string_view text, std::size_t at) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(text[at]);
  return std::string("byte 0x") + kDigits[byte >> 4U] + kDigits[byte & 15U] +
         " is not UTF-8 (another encoding, or damaged?)";
}

std::string_view json_kind_name(JsonKind kind) {
  switch (kind) {
    case JsonKind::null: return "null";
    case JsonKind::boolean: return "a boolean";
    case JsonKind::number: return "a number";
    case JsonKind::string: return "a string";
    case JsonKind::array: return "a list";
    case JsonKind::object: return "an object";
  }
  return "a value";
}

std::string JsonFault::text() const {
  std::string place = "column " + std::to_string(column);
  if (line > 1) place = "its line " + std::to_string(line) + ", " + place;
  return "invalid JSON at " + place + ": " + reason;
}

JsonView::Parsed JsonView::parse(std::string_view text) {
  if (const std::optional<std::size_t> at = first_byte_not_utf8(text)) {
    return {std::nullopt, fault_at(text, *at, not_utf8(text, *at))};
  }
  Checker checker(text);
  if (!checker.whole_text()) {
    return {std::nullopt, fault_at(text, checker.position(), checker.reason())};
  }
  const std::size_t begin = after_space(text, 0);
  return {JsonView(text.substr(begin, end_of_value(text, begin) - begin)), {}};
}

JsonKind JsonView::kind() const {
  switch (text_.front()) {
    case 'n': return JsonKind::null;
    case 't':
    case 'f': return JsonKind::boolean;
    case '"': return JsonKind::string;
    case '[': return JsonKind::array;
    case '{': return JsonKind::object;
    default: return JsonKind::number;
  }
}

std::string JsonView::string() const { return decode_string(text_); }

std::vector<JsonView> JsonView::elements() const {
  std::vector<JsonView> all;
  std::size_t at = after_space(text_, 1);
  while (text_[at] != ']') {
    const std::size_t end = end_of_value(text_, at);
    all.push_back(JsonView(text_.substr(at, end - at)));
    at = after_space(text_, end);
    if (text_[at] == ',') at = after_space(text_, at + 1);
  }
  return all;
}

std::vector<JsonView::Member> JsonView::members() const {
  std::vector<Member> all;
  std::size_t at = after_space(text_, 1);
  while (text_[at] != '}') {
    const std::size_t key_end = end_of_string(text_, at);
    std::string key = decode_string(text_.substr(at, key_end - at));
    at = after_space(text_, after_space(text_, key_end) + 1);
    const std::size_t end = end_of_value(text_, at);
    all.push_back({std::move(key), JsonView(text_.substr(at, end - at))});
    at = after_space(text_, end);
    if (text_[at] == ',') at = after_space(text_, at + 1);
  }
  return all;
}

std::optional<JsonView> find(const std::vector<JsonView::Member>& members, std::string_view key) {
  std::optional<JsonView> found;
  for (const JsonView::Member& member : members) {
    if (member.key == key) found = member.value;
  }
  if (found && found->is(JsonKind::null)) return std::nullopt;
  return found;
}

}  // namespace liquid::train
