#include "tracking/filter_scanner.h"

#include <cctype>

namespace liquid::tracking {
namespace {

using Kind = FilterToken::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Bytes of characters outside ASCII count as letters.
bool begins_word(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) { return begins_word(c) || is_digit(c); }

Error wrong(const std::string& what, std::size_t position) {
  return {ErrorCode::invalid_argument,
          "Invalid filter: " + what + " at position " + std::to_string(position + 1)};
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Result<std::vector<FilterToken>> run() {
    std::vector<FilterToken> tokens;
    do {
      while (std::isspace(static_cast<unsigned char>(peek())) != 0) ++at_;
      const std::size_t begin = at_;
      const Result<Kind> kind = token();
      if (!kind) return kind.error();
      tokens.push_back({*kind, text_.substr(begin, at_ - begin), begin});
    } while (tokens.back().kind != Kind::end);
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Result<Kind> single(Kind kind) {
    ++at_;
    return kind;
  }

  Result<Kind> token() {
    if (at_ == text_.size()) return Kind::end;
    const char c = peek();
    if (c == '\'') return string();
    if (c == '"' || c == '`' || begins_word(c)) return identifier();
    if (c == '(') return single(Kind::open);
    if (c == ')') return single(Kind::close);
    if (c == ',') return single(Kind::comma);
    if (begins_number()) return number();
    return comparison();
  }

  bool begins_number() const {
    const std::size_t sign = peek() == '-' || peek() == '+' ? 1 : 0;
    return is_digit(peek(sign)) || (peek(sign) == '.' && is_digit(peek(sign + 1)));
  }

  // A doubled quote and one behind a backslash do not end it, as in sqlparse.
  Result<void> quoted(char quote) {
    const std::size_t begin = at_++;
    while (at_ < text_.size()) {
      const bool escaped = (peek() == '\\' || peek() == quote) && peek(1) == quote && quote != '`';
      if (!escaped && peek() == quote) {
        ++at_;
        return {};
      }
      at_ += escaped ? 2 : 1;
    }
    return wrong(std::string("the ") + quote + " is never closed", begin);
  }

  Result<Kind> string() {
    const Result<void> closed = quoted('\'');
    if (!closed) return closed.error();
    return Kind::string;
  }

  Result<Kind> identifier() {
    for (;;) {
      if (peek() == '"' || peek() == '`') {
        const Result<void> closed = quoted(peek());
        if (!closed) return closed.error();
      } else {
        while (is_word(peek())) ++at_;
      }
      const bool goes_on = peek() == '.' && (is_word(peek(1)) || peek(1) == '"' || peek(1) == '`');
      if (!goes_on) return Kind::identifier;
      ++at_;
    }
  }

  void digits() {
    while (is_digit(peek())) ++at_;
  }

  Result<Kind> number() {
    const std::size_t begin = at_;
    Kind kind = Kind::integer;
    if (!is_digit(peek()) && peek() != '.') ++at_;
    digits();
    if (peek() == '.') {
      kind = Kind::real;
      ++at_;
      digits();
    }
    const bool sign = peek(1) == '-' || peek(1) == '+';
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(sign ? 2 : 1))) {
      kind = Kind::real;
      at_ += sign ? 2 : 1;
      digits();
    }
    if (is_word(peek())) return wrong("a number that does not end", begin);
    return kind;
  }

  Result<Kind> comparison() {
    const char c = peek();
    const bool two =
        (peek(1) == '=' && (c == '!' || c == '<' || c == '>')) || (c == '<' && peek(1) == '>');
    if (!two && c != '=' && c != '<' && c != '>') {
      return wrong(std::string("'") + c + "' begins nothing", at_);
    }
    at_ += two ? 2 : 1;
    return Kind::comparison;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<FilterToken>> scan_filter(std::string_view text) { return Scanner(text).run(); }

}  // namespace liquid::tracking
