#include "cli/toml.h"

#include <algorithm>
#include <charconv>

#include "base/unicode.h"

// file     = { blank [ entry ] blank [ comment ] line-feed }
// entry    = key blank "=" blank ( value | list )
// key      = 1*( letter | digit | "_" | "-" ) | string
// value    = string | number | fraction | "true" | "false"
// list     = "[" { space value space "," } [ space value ] space "]"
// space    = { blank | comment | line-feed }
// string   = '"' { character | escape } '"' | "'" { character } "'"
// number   = [ "+" | "-" ] digits | "0x" hex-digits        "_" between digits
// fraction = [ "+" | "-" ] digits [ "." digits ] [ ( "e" | "E" ) [ "+" | "-" ] digits ]
//
// A library read these files first; fuzzing found inputs ("[é]") on which it has no defined
// behaviour.

namespace liquid::cli {
namespace {

constexpr std::string_view kExpectedValue = "expected a text in quotes, a number, true or false";

constexpr std::string_view kLetters = "btnfr\"\\";
constexpr std::string_view kMeanings = "\b\t\n\f\r\"\\";

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_control(char c) { return c >= 0 && c < 0x20 && c != '\t'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    if (rest_.substr(0, 3) == "\xEF\xBB\xBF") rest_.remove_prefix(3);
  }

  Result<std::vector<TomlEntry>> entries();

 private:
  Error wrong(std::string_view what) const {
    return {ErrorCode::invalid_argument,
            "line " + std::to_string(line_) + ": " + std::string(what)};
  }
  bool at_end() const { return rest_.empty(); }
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (at_end() || rest_.front() != c) return false;
    if (c == '\n') ++line_;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blank() {
    while (take(' ') || take('\t')) {
    }
  }

  Result<void> end_of_line();
  Result<void> skip_space();
  Result<TomlEntry> entry();
  Result<std::string> key();
  Result<std::string> value();
  Result<void> list(TomlEntry& entry);
  Result<std::string> basic_string();
  Result<void> escape(std::string& out);
  Result<std::string> literal_string();
  Result<std::string> word();

  std::string_view rest_;
  std::size_t line_ = 1;
};

// What may stand behind a value: blanks, a comment, the end of the line.
Result<void> Reader::end_of_line() {
  skip_blank();
  if (front() == '#') {
    while (!at_end() && front() != '\n') {
      if (is_control(front()) && rest_.substr(0, 2) != "\r\n") {
        return wrong("a control character in a comment");
      }
      rest_.remove_prefix(1);
    }
  }
  if (rest_.substr(0, 2) == "\r\n") rest_.remove_prefix(1);
  if (at_end() || take('\n')) return {};
  return wrong("expected the end of the line behind the value");
}

// The same over several lines, inside a list.
Result<void> Reader::skip_space() {
  for (;;) {
    skip_blank();
    if (front() != '#' && front() != '\n' && front() != '\r') return {};
    if (auto ended = end_of_line(); !ended) return ended;
  }
}

Result<std::string> Reader::key() {
  if (front() == '"') return basic_string();
  if (front() == '\'') return literal_string();
  std::size_t length = 0;
  while (length < rest_.size() && is_bare(rest_[length])) ++length;
  if (length == 0) return wrong("expected name = value");
  std::string name(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return name;
}

Result<void> Reader::escape(std::string& out) {
  const char letter = front();
  if (!at_end()) rest_.remove_prefix(1);
  if (const std::size_t known = kLetters.find(letter); known != std::string_view::npos) {
    out += kMeanings[known];
    return {};
  }
  const std::size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  const std::string_view hex = rest_.substr(0, digits);
  std::uint32_t code_point = 0;
  const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), code_point, 16);
  const bool is_scalar = code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
  if (digits == 0 || hex.size() != digits || read.ptr != hex.data() + digits || !is_scalar) {
    return wrong("an escape that TOML does not know");
  }
  append_utf8(out, code_point);
  rest_.remove_prefix(digits);
  return {};
}

Result<std::string> Reader::basic_string() {
  take('"');
  std::string text;
  for (;;) {
    if (at_end() || is_control(front())) return wrong("a text that does not end on its line");
    if (take('"')) return text;
    if (take('\\')) {
      if (auto read = escape(text); !read) return std::move(read).error();
      continue;
    }
    text += rest_.front();
    rest_.remove_prefix(1);
  }
}

Result<std::string> Reader::literal_string() {
  take('\'');
  const std::size_t end = rest_.find('\'');
  const std::string_view text = rest_.substr(0, end);
  if (end == std::string_view::npos || std::any_of(text.begin(), text.end(), is_control)) {
    return wrong("a text that does not end on its line");
  }
  rest_.remove_prefix(end + 1);
  return std::string(text);
}

// "1_000" → "1000", "+7" → "7", "0x1F" → "31"; nothing for what is no whole number of TOML.
std::string whole_number(std::string_view text) {
  std::string sign;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    if (text.front() == '-') sign = "-";
    text.remove_prefix(1);
  }
  const bool hexadecimal = text.substr(0, 2) == "0x";
  if (hexadecimal) text.remove_prefix(2);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool between = i > 0 && i + 1 < text.size() && text[i - 1] != '_';
    if (text[i] == '_' && !between) return {};
    if (text[i] != '_') digits += text[i];
  }
  const bool leading_zero = !hexadecimal && digits.size() > 1 && digits.front() == '0';
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number, hexadecimal ? 16 : 10);
  if (digits.empty() || leading_zero || read.ec != std::errc() || read.ptr != end) return {};
  return sign + std::to_string(number);
}

// Takes digits with "_" only between two of them off the front of `text`; nothing if there are
// none.
std::string take_digits(std::string_view& text) {
  std::string digits;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const bool between = i > 0 && i + 1 < text.size() && is_digit(text[i - 1]);
    if (text[i] == '_' && between && is_digit(text[i + 1])) continue;
    if (!is_digit(text[i])) break;
    digits += text[i];
  }
  text.remove_prefix(i);
  return digits;
}

// "+1_0.50e-3" → "10.50e-3"; nothing for what is no fraction of TOML.
std::string fraction(std::string_view text) {
  std::string out;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    if (text.front() == '-') out = "-";
    text.remove_prefix(1);
  }
  const std::string whole = take_digits(text);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return {};
  out += whole;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    const std::string part = take_digits(text);
    if (part.empty()) return {};
    out += "." + part;
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text.remove_prefix(1);
    out += 'e';
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
      if (text.front() == '-') out += '-';
      text.remove_prefix(1);
    }
    const std::string power = take_digits(text);
    if (power.empty()) return {};
    out += power;
  }
  return text.empty() ? out : std::string();
}

Result<std::string> Reader::word() {
  std::size_t length = 0;
  while (length < rest_.size() &&
         (is_bare(rest_[length]) || rest_[length] == '+' || rest_[length] == '.')) {
    ++length;
  }
  const std::string_view text = rest_.substr(0, length);
  const bool goes_on = length < rest_.size() && rest_[length] == ':';
  std::string meaning = text == "true" || text == "false" ? std::string(text) : whole_number(text);
  if (meaning.empty() && text.find_first_of(".eE") != std::string_view::npos) {
    meaning = fraction(text);
  }
  if (meaning.empty() || goes_on) return wrong(kExpectedValue);
  rest_.remove_prefix(length);
  return meaning;
}

Result<std::string> Reader::value() {
  if (rest_.substr(0, 3) == "\"\"\"" || rest_.substr(0, 3) == "'''") {
    return wrong("a text over several lines; expected one line");
  }
  if (front() == '"') return basic_string();
  if (front() == '\'') return literal_string();
  return word();
}

Result<void> Reader::list(TomlEntry& entry) {
  entry.shape = TomlEntry::Shape::list;
  take('[');
  for (;;) {
    if (auto skipped = skip_space(); !skipped) return skipped;
    if (take(']')) return {};
    auto element = value();
    if (!element) return std::move(element).error();
    entry.values.push_back(std::move(*element));
    if (auto skipped = skip_space(); !skipped) return skipped;
    if (front() != ']' && !take(',')) return wrong("expected ',' or ']' in a list");
  }
}

Result<TomlEntry> Reader::entry() {
  if (front() == '[') return wrong("expected name = value, got a table");
  TomlEntry entry{line_, {}, TomlEntry::Shape::single, {}};
  auto name = key();
  if (!name) return std::move(name).error();
  entry.key = std::move(*name);
  skip_blank();
  if (front() == '.') return wrong("expected name = value, got a table");
  if (!take('=')) return wrong("expected '=' behind '" + entry.key + "'");
  skip_blank();
  if (front() == '{') return wrong(entry.key + ": expected a value, not a table");
  if (front() == '[') {
    auto read = list(entry);
    if (!read) return std::move(read).error();
    return entry;
  }
  auto single = value();
  if (!single) return std::move(single).error();
  entry.values.push_back(std::move(*single));
  return entry;
}

Result<std::vector<TomlEntry>> Reader::entries() {
  std::vector<TomlEntry> entries;
  for (;;) {
    if (auto skipped = skip_space(); !skipped) return std::move(skipped).error();
    if (at_end()) return entries;
    auto read = entry();
    if (!read) return std::move(read).error();
    if (auto ended = end_of_line(); !ended) return std::move(ended).error();
    for (const TomlEntry& earlier : entries) {
      if (earlier.key != read->key) continue;
      return Error{ErrorCode::invalid_argument,
                   "line " + std::to_string(read->line) + ": '" + read->key + "' stands twice"};
    }
    entries.push_back(std::move(*read));
  }
}

}  // namespace

Result<std::vector<TomlEntry>> parse_toml(std::string_view text) {
  if (!is_valid_utf8(text)) {
    return Error{ErrorCode::invalid_argument, "the text is not UTF-8"};
  }
  return Reader(text).entries();
}

}  // namespace liquid::cli
