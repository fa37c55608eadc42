#include "formats/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/unicode.h"

// Grammar of an unquoted scalar, PyYAML's (yaml/resolver.py), which follows YAML 1.1:
//
//   null   = "" | "~" | "null" | "Null" | "NULL"
//   bool   = one of yes no true false on off, as written, Capitalised or in CAPITALS
//   int    = [sign] ( "0b" [01_]+ | "0" [0-7_]+ | "0" | [1-9] [0-9_]* | "0x" [0-9a-fA-F_]+
//                   | [1-9] [0-9_]* ( ":" [0-5]? [0-9] )+ )
//   float  = [sign] [0-9] [0-9_]* "." [0-9_]* [ ( "e" | "E" ) sign [0-9]+ ]
//          | [sign] "." [0-9] [0-9_]* [ ( "e" | "E" ) sign [0-9]+ ]
//          | [sign] [0-9] [0-9_]* ( ":" [0-5]? [0-9] )+ "." [0-9_]*
//          | [sign] "." ( "inf" | "Inf" | "INF" ) | "." ( "nan" | "NaN" | "NAN" )
//   text   = everything else, dates among it

namespace liquid::formats {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool all_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  std::erase(out, '_');
  return out;
}

bool is_spelling(std::string_view text, std::string_view lower) {
  if (text == lower) return true;
  std::string other(lower);
  std::transform(other.begin(), other.begin() + 1, other.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  if (text == other) return true;
  std::transform(lower.begin(), lower.end(), other.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return text == other;
}

std::optional<bool> as_bool(std::string_view text) {
  if (text.size() < 2 || text.size() > 5) return std::nullopt;
  for (const std::string_view word : {"yes", "true", "on"}) {
    if (is_spelling(text, word)) return true;
  }
  for (const std::string_view word : {"no", "false", "off"}) {
    if (is_spelling(text, word)) return false;
  }
  return std::nullopt;
}

bool is_null(std::string_view text) {
  return text.empty() || text == "~" || is_spelling(text, "null");
}

/// As Python's float(): beyond the range of a double lie infinity and zero.
double decimal(const std::string& digits) {
  double value = 0.0;
  const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (problem != std::errc::result_out_of_range) return value;
  const bool is_tiny =
      digits.find("e-") != std::string::npos || digits.find("E-") != std::string::npos;
  return is_tiny ? 0.0 : std::numeric_limits<double>::infinity();
}

/// "12:30:45" to the base of sixty; nothing unless every part after the first is below sixty.
std::optional<double> base_sixty(std::string_view digits) {
  double total = 0.0;
  bool first = true;
  while (true) {
    const std::size_t colon = digits.find(':');
    const std::string part = without_underscores(digits.substr(0, colon));
    if (part.empty() || !all_of(part, kDigits)) return std::nullopt;
    if (!first && (part.size() > 2 || (part.size() == 2 && part[0] > '5'))) return std::nullopt;
    total = total * 60.0 + decimal(part);
    if (colon == std::string_view::npos) return total;
    digits.remove_prefix(colon + 1);
    first = false;
  }
}

enum class IntegerKind { none, in_range, too_large };

struct Integer {
  IntegerKind kind = IntegerKind::none;
  std::int64_t value = 0;
};

Integer parsed(std::string_view sign, std::string_view digits, int base) {
  const std::string clean = std::string(sign == "-" ? "-" : "") + without_underscores(digits);
  std::int64_t value = 0;
  const char* end = clean.data() + clean.size();
  const auto [stop, problem] = std::from_chars(clean.data(), end, value, base);
  if (problem == std::errc::result_out_of_range) return {IntegerKind::too_large, 0};
  if (problem != std::errc() || stop != end) return {};
  return {IntegerKind::in_range, value};
}

Integer as_integer(std::string_view text) {
  const bool has_sign = text.starts_with('-') || text.starts_with('+');
  const std::string_view sign = text.substr(0, has_sign ? 1 : 0);
  const std::string_view digits = text.substr(sign.size());
  if (digits.empty()) return {};
  if (digits.starts_with("0b") && all_of(digits.substr(2), "01_")) {
    return parsed(sign, digits.substr(2), 2);
  }
  if (digits.starts_with("0x") && all_of(digits.substr(2), "0123456789abcdefABCDEF_")) {
    return parsed(sign, digits.substr(2), 16);
  }
  if (digits[0] == '0' && digits.size() > 1) {
    return all_of(digits, "01234567_") ? parsed(sign, digits, 8) : Integer{};
  }
  if (digits[0] < '0' || digits[0] > '9') return {};
  if (digits.find(':') == std::string_view::npos) {
    return all_of(digits, "0123456789_") ? parsed(sign, digits, 10) : Integer{};
  }
  const std::optional<double> total = base_sixty(digits);
  if (!total) return {};
  if (*total > 9e15) return {IntegerKind::too_large, 0};
  const auto value = static_cast<std::int64_t>(*total);
  return {IntegerKind::in_range, sign == "-" ? -value : value};
}

std::optional<double> special_double(std::string_view text) {
  const double sign = text.starts_with('-') ? -1.0 : 1.0;
  const std::string_view rest =
      text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF") {
    return sign * std::numeric_limits<double>::infinity();
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::nullopt;
}

bool is_exponent(std::string_view text) {
  return text.size() >= 3 && (text[0] == 'e' || text[0] == 'E') &&
         (text[1] == '+' || text[1] == '-') && all_of(text.substr(2), kDigits);
}

/// The parts of `whole.fraction` and what follows them.
struct Decimal {
  std::string_view whole;
  std::string_view fraction;
  std::string_view exponent;
};

std::optional<Decimal> split_decimal(std::string_view number) {
  const std::size_t dot = number.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view after = number.substr(dot + 1);
  const std::size_t end = std::min(after.find_first_not_of("0123456789_"), after.size());
  const Decimal parts{number.substr(0, dot), after.substr(0, end), after.substr(end)};
  if (!parts.exponent.empty() && !is_exponent(parts.exponent)) return std::nullopt;
  return parts;
}

std::optional<double> unsigned_double(const Decimal& parts) {
  const std::string fraction = without_underscores(parts.fraction);
  if (parts.whole.find(':') != std::string_view::npos) {
    const std::optional<double> total = base_sixty(parts.whole);
    if (!total || !parts.exponent.empty()) return std::nullopt;
    return *total + decimal("0." + fraction + "0");
  }
  if (!all_of(parts.whole, "0123456789_") || parts.whole.starts_with('_')) return std::nullopt;
  return decimal("0" + without_underscores(parts.whole) + "." + fraction + "0" +
                 std::string(parts.exponent));
}

std::optional<double> as_double(std::string_view text) {
  if (const std::optional<double> special = special_double(text)) return special;
  const bool has_sign = text.starts_with('-') || text.starts_with('+');
  const std::optional<Decimal> parts = split_decimal(text.substr(has_sign ? 1 : 0));
  if (!parts) return std::nullopt;
  // ".5" is a number, "-.5" and "._5" are not.
  const bool starts_with_point = parts->whole.empty();
  if (starts_with_point && (has_sign || parts->fraction.empty() || parts->fraction[0] == '_')) {
    return std::nullopt;
  }
  const std::optional<double> value = unsigned_double(*parts);
  if (!value) return std::nullopt;
  return text.starts_with('-') ? -*value : *value;
}

/// Plain text that no reader takes for anything else: letters, digits and a few joiners, begun by a
/// letter. Digits in front would need PyYAML's rules for dates as well.
bool is_safe_plain(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !is_letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) {
                       return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                              c == '.' || c == '/';
                     }) &&
         std::holds_alternative<std::string>(plain_scalar(text).value);
}

/// Inside single quotes only what stands on one line and is printable in YAML's sense.
bool needs_escapes(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte >= 0x7f;
  });
}

std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

void append_code(std::string& out, char32_t code) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const int digits = code <= 0xff ? 2 : code <= 0xffff ? 4 : 8;
  out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kHex[(code >> shift) & 0xf];
}

/// The next code point; U+FFFD for a byte that begins none.
char32_t next_or_replacement(std::string_view text, std::size_t& at) {
  for (std::size_t size = 1; size <= 4 && at + size <= text.size(); ++size) {
    if (is_valid_utf8(text.substr(at, size))) return next_code_point(text, at);
  }
  ++at;
  return 0xfffd;
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  std::size_t at = 0;
  while (at < text.size()) {
    const char32_t code = next_or_replacement(text, at);
    if (code == U'"' || code == U'\\') {
      out += '\\';
      out += static_cast<char>(code);
    } else if (code >= 0x20 && code < 0x7f) {
      out += static_cast<char>(code);
    } else if (code == U'\n') {
      out += "\\n";
    } else {
      append_code(out, code);
    }
  }
  return out + "\"";
}

}  // namespace

YamlNode plain_scalar(std::string_view text) {
  if (is_null(text)) return YamlNode{};
  if (const std::optional<bool> value = as_bool(text)) return YamlNode{*value};
  const Integer integer = as_integer(text);
  if (integer.kind == IntegerKind::in_range) return YamlNode{integer.value};
  if (integer.kind == IntegerKind::none) {
    if (const std::optional<double> value = as_double(text)) return YamlNode{*value};
  }
  return YamlNode{std::string(text)};
}

std::string quoted_where_needed(std::string_view text) {
  if (is_safe_plain(text)) return std::string(text);
  return needs_escapes(text) ? double_quoted(text) : single_quoted(text);
}

std::string yaml_double(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  std::array<char, 40> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), end);
  const std::size_t e = text.find('e');
  if (text.find('.') == std::string::npos) {
    // YAML 1.1 takes a number for a float only when it has a point.
    text.insert(e == std::string::npos ? text.size() : e, ".0");
  }
  return text;
}

}  // namespace liquid::formats
