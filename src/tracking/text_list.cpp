#include "tracking/text_list.h"

#include "base/unicode.h"

// Python's tuples of strings, without nesting:
//
//   list   = "(" text { "," text } [ "," ] ")"
//   text   = string { string }                     put together, so 'it''s' is "its"
//   string = [ r | R | u | U ] ( ' … ' | " … " | ''' … ''' | """ … """ )
//
// Behind a backslash, unless r: the escapes \\ \' \" \a \b \f \n \r \t \v, \ooo, \xhh, \uhhhh,
// \Uhhhhhhhh and the end of a line, which both vanish; other backslashes stand for themselves.

namespace liquid::tracking {
namespace {

std::optional<unsigned> digit_of(char c, unsigned base) {
  unsigned value = 99;
  if (c >= '0' && c <= '9') value = static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') value = static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') value = static_cast<unsigned>(c - 'A') + 10;
  return value < base ? std::optional(value) : std::nullopt;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::vector<std::string>> list() {
    std::vector<std::string> texts;
    if (!take('(')) return std::nullopt;
    while (!take(')')) {
      std::string text;
      if (!texts.empty() && !take(',')) return std::nullopt;
      if (!texts.empty() && take(')')) break;
      if (!strings(text)) return std::nullopt;
      texts.push_back(std::move(text));
    }
    if (at_ != text_.size() || texts.empty()) return std::nullopt;
    return texts;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r' || peek() == '\f') {
      ++at_;
    }
  }

  bool take(char c) {
    skip_blanks();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool begins_string() {
    skip_blanks();
    const auto is_quote = [](char c) { return c == '\'' || c == '"'; };
    const char c = static_cast<char>(peek() | 0x20);
    return is_quote(peek()) || ((c == 'r' || c == 'u') && is_quote(peek(1)));
  }

  bool strings(std::string& text) {
    if (!begins_string()) return false;
    while (begins_string()) {
      if (!string(text)) return false;
    }
    return true;
  }

  bool string(std::string& text) {
    const bool raw = (peek() | 0x20) == 'r';
    if (peek() != '\'' && peek() != '"') ++at_;
    const char quote = peek();
    const std::size_t width = peek(1) == quote && peek(2) == quote ? 3 : 1;
    const std::string_view closing = text_.substr(at_, width);
    at_ += width;
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with(closing)) {
        at_ += width;
        return true;
      }
      if (width == 1 && peek() == '\n') return false;
      if (peek() != '\\') {
        text += text_[at_++];
      } else if (raw) {
        text += text_.substr(at_, 2);
        at_ += 2;
      } else if (!escape(text)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string& text) {
    constexpr std::string_view kLetters = "\\'\"abfnrtv";
    constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    const char c = peek(1);
    at_ += 2;
    const std::size_t letter = kLetters.find(c);
    if (letter != std::string_view::npos) {
      text += kMeanings[letter];
      return true;
    }
    if (c == '\n') return true;
    if (c >= '0' && c <= '7') {
      --at_;
      return code(text, 8, 3);
    }
    if (c == 'x') return code(text, 16, 2);
    if (c == 'u') return code(text, 16, 4);
    if (c == 'U') return code(text, 16, 8);
    if (c == 'N') return false;  // names of characters
    text += '\\';
    --at_;
    return true;
  }

  // As many digits as there are up to `count`; hexadecimal codes have all of them.
  bool code(std::string& text, unsigned base, unsigned count) {
    char32_t value = 0;
    unsigned digits = 0;
    while (digits < count) {
      const std::optional<unsigned> digit = digit_of(peek(), base);
      if (!digit) break;
      value = value * base + *digit;
      ++digits;
      ++at_;
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if ((base == 16 && digits < count) || value > 0x10FFFF || surrogate) return false;
    append_utf8(text, value);
    return true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<std::string>> parse_text_list(std::string_view list) {
  return Reader(list).list();
}

}  // namespace liquid::tracking
