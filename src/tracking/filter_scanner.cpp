#include "tracking/filter_scanner.h"

#include <array>
#include <optional>
#include <string>

#include "base/unicode.h"

// MLflow cuts its filters with sqlparse, whose rules for where a piece ends are kept here:
//
//   word    = word character { word character }        letters, digits and _ of any script
//   real    = [-] digits [. digits] E [-] digits | [-] digits . [digits] | [-] . digits
//   integer = [-] digits
//   quoted  = ' … ' | " … " | ` … `
//
// A real without exponent and an integer are not followed by a letter or _: digits are given back
// from their end until that holds, and where none is left, the piece is a word ("1abc").
//
// Quotes: a doubled quote belongs to the text, and so does one behind a backslash (not in
// backticks), as long as the text is closed further on. Where it is not, the last such quote that
// can close it does: 'a\' alone is the text a\ .

namespace liquid::tracking {
namespace {

using Kind = FilterToken::Kind;

constexpr std::size_t kNever = std::string_view::npos;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

// What must not follow a number: a Latin letter or _.
bool ends_no_number(char32_t c) {
  return c == '_' || (c < 0x80 && is_ascii_letter(static_cast<char>(c))) ||
         (c >= 0xC0 && c <= 0xDC) || (c >= 0xE0 && c <= 0xFC);
}

Error wrong(const std::string& what, std::size_t position) {
  return {ErrorCode::invalid_argument,
          "Invalid filter: " + what + " at position " + std::to_string(position + 1)};
}

// For one kind of quote: where a quoted text that is open at a byte ends. Worked out from the end
// of the filter once, so that many unclosed quotes cost no more than one.
class Closings {
 public:
  Closings(std::string_view text, char quote) : ends_(text.size() + 2, kNever) {
    for (std::size_t i = text.size(); i-- > 0;) {
      const bool pair = i + 1 < text.size() && text[i + 1] == quote &&
                        (text[i] == quote || (text[i] == '\\' && quote != '`'));
      if (pair && ends_[i + 2] != kNever) {
        ends_[i] = ends_[i + 2];
      } else {
        ends_[i] = text[i] == quote ? i + 1 : ends_[i + 1];
      }
    }
  }
  std::size_t end_of(std::size_t inside) const { return ends_[inside]; }

 private:
  std::vector<std::size_t> ends_;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Result<std::vector<FilterToken>> run() {
    std::vector<FilterToken> tokens;
    do {
      skip_blanks();
      const std::size_t begin = at_;
      const Result<Kind> kind = token();
      if (!kind) return kind.error();
      tokens.push_back({*kind, text_.substr(begin, at_ - begin), begin});
    } while (tokens.back().kind != Kind::end);
    return tokens;
  }

 private:
  char byte(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  char32_t code_point(std::size_t at) const {
    return at < text_.size() ? next_code_point(text_, at) : U'\0';
  }

  bool is_word(std::size_t at) const {
    const char32_t c = code_point(at);
    return c == '_' || (c != 0 && is_word_code_point(c));
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(code_point(at_))) next_code_point(text_, at_);
  }

  Result<Kind> single(Kind kind) {
    ++at_;
    return kind;
  }

  Result<Kind> token() {
    if (at_ == text_.size()) return Kind::end;
    const char c = byte(at_);
    if (begins_comment()) return wrong("comments are not allowed, found one", at_);
    if (c == '\'') return quoted(0, Kind::single_quoted);
    if (c == '"') return quoted(1, Kind::double_quoted);
    if (c == '`') return quoted(2, Kind::backticks);
    if (is_digit(c) || c == '-' || c == '.') return number_word_or_dot();
    if (is_word(at_)) return word();
    if (c == '(') return single(Kind::open);
    if (c == ')') return single(Kind::close);
    if (c == ',') return single(Kind::comma);
    return sign();
  }

  bool begins_comment() const {
    const std::string_view here = text_.substr(at_);
    return here.starts_with("--") || here.starts_with("# ") || here.starts_with("/*");
  }

  Result<Kind> quoted(std::size_t which, Kind kind) {
    const char quote = byte(at_);
    std::optional<Closings>& closings = closings_.at(which);
    if (!closings) closings.emplace(text_, quote);
    const std::size_t end = closings->end_of(at_ + 1);
    if (end == kNever) return wrong(std::string("the ") + quote + " is never closed", at_);
    at_ = end;
    return kind;
  }

  Result<Kind> word() {
    while (at_ < text_.size() && is_word(at_)) next_code_point(text_, at_);
    return Kind::word;
  }

  Result<Kind> sign() {
    const auto is_comparison = [](char c) {
      return c == '<' || c == '>' || c == '=' || c == '~' || c == '!';
    };
    if (text_.substr(at_, 2) == "::") {
      at_ += 2;
      return Kind::double_colon;
    }
    if (!is_comparison(byte(at_))) {
      std::size_t after = at_;
      next_code_point(text_, after);
      return wrong("'" + std::string(text_.substr(at_, after - at_)) + "' begins nothing", at_);
    }
    while (is_comparison(byte(at_))) ++at_;
    return Kind::comparison;
  }

  std::size_t digits_from(std::size_t at) const {
    while (is_digit(byte(at))) ++at;
    return at;
  }

  Result<Kind> number_word_or_dot() {
    const std::size_t begin = at_;
    const std::size_t whole = begin + (byte(begin) == '-' ? 1 : 0);
    if (byte(whole) == '0' && (byte(whole + 1) | 0x20) == 'x' && is_hex_digit(byte(whole + 2))) {
      return wrong("hexadecimal numbers are not allowed, found one", begin);
    }
    if (take(with_exponent(whole)) || take(with_point(whole))) return Kind::real;
    if (take(given_back(whole, digits_from(whole)))) return Kind::integer;
    if (byte(begin) == '.') return single(Kind::dot);
    if (is_digit(byte(begin))) return word();
    return wrong("a '-' without a number", begin);
  }

  bool take(std::optional<std::size_t> end) {
    if (end) at_ = *end;
    return end.has_value();
  }

  std::optional<std::size_t> with_exponent(std::size_t whole) const {
    std::size_t end = digits_from(whole);
    if (end == whole) return std::nullopt;
    if (byte(end) == '.' && is_digit(byte(end + 1))) end = digits_from(end + 1);
    if ((byte(end) | 0x20) != 'e') return std::nullopt;
    const std::size_t exponent = end + (byte(end + 1) == '-' ? 2 : 1);
    end = digits_from(exponent);
    return end == exponent ? std::nullopt : std::optional(end);
  }

  std::optional<std::size_t> with_point(std::size_t whole) const {
    const std::size_t point = digits_from(whole);
    if (byte(point) != '.') return std::nullopt;
    const std::size_t end = digits_from(point + 1);
    if (point > whole && !ends_no_number(code_point(end))) return end;
    if (point > whole && end > point + 1) return end - 1;
    return point > whole ? std::nullopt : given_back(point + 1, end);
  }

  // The digits from `begin` to `end`, one less where a letter follows; at least one.
  std::optional<std::size_t> given_back(std::size_t begin, std::size_t end) const {
    if (end > begin && ends_no_number(code_point(end))) --end;
    return end > begin ? std::optional(end) : std::nullopt;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::array<std::optional<Closings>, 3> closings_;  // of ' " `
};

}  // namespace

Result<std::vector<FilterToken>> scan_filter(std::string_view text) {
  if (!is_valid_utf8(text)) {
    return Error{ErrorCode::invalid_argument, "Invalid filter: it is not UTF-8"};
  }
  return Scanner(text).run();
}

}  // namespace liquid::tracking
