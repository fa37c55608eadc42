#include "tokenizer/json_text.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cstdint>
#include <cstdlib>

#include "base/unicode.h"
#include "tokenizer/unicode_classes.h"

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 200;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over well-formed JSON.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) { skip_blanks(); }

  char peek() const { return text_[at_]; }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  /// Steps over a bracket, comma or colon and the blanks behind it.
  void step() {
    ++at_;
    skip_blanks();
  }
  /// The text of the value here; stands behind it and its blanks afterwards.
  std::string_view value() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    do {
      const char c = text_[at_];
      if (c == '"') {
        string_end();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
      if (depth == 0 && (c == '}' || c == ']')) break;
    } while (at_ < text_.size() && (depth > 0 || continues(begin)));
    const std::string_view found = text_.substr(begin, at_ - begin);
    skip_blanks();
    return found;
  }

 private:
  void string_end() {
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }
  /// Whether the scalar that began at `begin` goes on.
  bool continues(std::size_t begin) const {
    const char c = text_[at_];
    return text_[begin] != '"' && !is_blank(c) && c != ',' && c != '}' && c != ']';
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

char32_t hex4(std::string_view digits) {
  std::uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + 4, value, 16);
  return value;
}

char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

/// The value of a string's text, quotes included.
std::string unquoted(std::string_view text) {
  std::string value;
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    if (text[at] != '\\') {
      value.push_back(text[at]);
      continue;
    }
    ++at;
    if (text[at] != 'u') {
      value.push_back(unescaped(text[at]));
      continue;
    }
    char32_t unit = hex4(text.substr(at + 1, 4));
    at += 4;
    if (unit >= 0xD800 && unit < 0xDC00) {  // well-formed: the other half follows
      unit = 0x10000 + ((unit - 0xD800) << 10U) + (hex4(text.substr(at + 3, 4)) - 0xDC00);
      at += 6;
    }
    append_utf8(value, unit);
  }
  return value;
}

std::string hex_escape(std::string_view prefix, char32_t value, std::size_t digits) {
  std::array<char, 8> hex{};
  const auto end =
      std::to_chars(hex.data(), hex.data() + hex.size(), static_cast<std::uint32_t>(value), 16);
  const auto length = static_cast<std::size_t>(end.ptr - hex.data());
  return std::string(prefix) + std::string(digits - length, '0') + std::string(hex.data(), length);
}

std::string quoted_json(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    switch (c) {
      case '"': text += "\\\""; break;
      case '\\': text += "\\\\"; break;
      case '\b': text += "\\b"; break;
      case '\f': text += "\\f"; break;
      case '\n': text += "\\n"; break;
      case '\r': text += "\\r"; break;
      case '\t': text += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          text += hex_escape("\\u", static_cast<unsigned char>(c), 4);
        } else {
          text.push_back(c);
        }
    }
  }
  return text + "\"";
}

/// How Python shows a character that is not printable.
std::string shown(char32_t value) {
  if (value == '\n') return "\\n";
  if (value == '\r') return "\\r";
  if (value == '\t') return "\\t";
  if (value < 0x100) return hex_escape("\\x", value, 2);
  if (value < 0x10000) return hex_escape("\\u", value, 4);
  return hex_escape("\\U", value, 8);
}

std::string quoted_python(std::string_view value) {
  const bool has_single = value.find('\'') != std::string_view::npos;
  const char quote = has_single && value.find('"') == std::string_view::npos ? '"' : '\'';
  std::string text(1, quote);
  for (std::size_t at = 0; at < value.size();) {
    const Scalar scalar = scalar_at(value, at);
    if (scalar.value == U'\\' || scalar.value == static_cast<char32_t>(quote)) {
      text.push_back('\\');
      text.push_back(static_cast<char>(scalar.value));
    } else if ((UnicodeClasses::table()[scalar.value] & kPrintable) == 0) {
      text += shown(scalar.value);
    } else {
      text.append(value.substr(at, scalar.length));
    }
    at += scalar.length;
  }
  text.push_back(quote);
  return text;
}

/// Python's shortest form: digits with a point for exponents from -4 to 15, else d.ddde±XX.
std::string float_text(double value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific);
  const std::string_view scientific(buffer.data(),
                                    static_cast<std::size_t>(end.ptr - buffer.data()));
  const std::size_t mark = scientific.find('e');
  const int exponent = std::atoi(scientific.substr(mark + 1).data());
  if (exponent < -4 || exponent > 15) return std::string(scientific);
  std::string digits;
  for (const char c : scientific.substr(0, mark)) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  const std::string sign = scientific.front() == '-' ? "-" : "";
  if (exponent < 0)
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  const std::string fraction = digits.substr(whole);
  return sign + digits.substr(0, whole) + "." + (fraction.empty() ? "0" : fraction);
}

/// A number as Python reads and writes it: whole numbers keep all their digits.
std::string number_text(std::string_view text) {
  if (text.find_first_of(".eE") == std::string_view::npos) {
    return text == "-0" ? "0" : std::string(text);
  }
  const double value = std::strtod(std::string(text).c_str(), nullptr);
  if (value > 1.7976931348623157e308) return "Infinity";
  if (value < -1.7976931348623157e308) return "-Infinity";
  return float_text(value);
}

}  // namespace

Result<JsonText> JsonText::parse(std::string text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code failed;
  const json::value ignored = json::parse(text, failed, {}, options);
  if (failed) return Error{ErrorCode::invalid_argument, "no JSON: " + failed.message()};
  JsonText value{Checked{}, {}};
  value.text_ = std::move(text);
  return value;
}

std::string_view JsonText::scalar() const { return Walker(text_).value(); }

JsonText::Kind JsonText::kind() const {
  switch (Walker(text_).peek()) {
    case '{': return Kind::object;
    case '[': return Kind::array;
    case '"': return Kind::string;
    case 't':
    case 'f': return Kind::boolean;
    case 'n': return Kind::null;
    default: return Kind::number;
  }
}

std::string JsonText::string() const { return unquoted(scalar()); }

std::vector<std::pair<std::string, JsonText>> JsonText::members() const {
  std::vector<std::pair<std::string, JsonText>> members;
  Walker walker(text_);
  for (walker.step(); walker.peek() != '}';) {
    std::string key = unquoted(walker.value());
    walker.step();
    members.emplace_back(std::move(key), JsonText(Checked{}, walker.value()));
    if (walker.peek() == ',') walker.step();
  }
  return members;
}

std::vector<JsonText> JsonText::elements() const {
  std::vector<JsonText> elements;
  Walker walker(text_);
  for (walker.step(); walker.peek() != ']';) {
    elements.push_back(JsonText(Checked{}, walker.value()));
    if (walker.peek() == ',') walker.step();
  }
  return elements;
}

std::optional<std::string> JsonText::text_of(std::string_view member) const {
  for (const auto& [key, value] : members()) {
    if (key == member && value.kind() == Kind::string) return value.string();
  }
  return std::nullopt;
}

std::string JsonText::dumped() const {
  std::string text;
  switch (kind()) {
    case Kind::object:
      for (const auto& [key, value] : members()) {
        text += (text.empty() ? "" : ", ") + quoted_json(key) + ": " + value.dumped();
      }
      return "{" + text + "}";
    case Kind::array:
      for (const JsonText& value : elements()) text += (text.empty() ? "" : ", ") + value.dumped();
      return "[" + text + "]";
    case Kind::string: return quoted_json(string());
    case Kind::number: return number_text(scalar());
    case Kind::boolean:
    case Kind::null: return std::string(scalar());
  }
  return text;
}

std::string JsonText::repr() const {
  std::string text;
  switch (kind()) {
    case Kind::object:
      for (const auto& [key, value] : members()) {
        text += (text.empty() ? "" : ", ") + quoted_python(key) + ": " + value.repr();
      }
      return "{" + text + "}";
    case Kind::array:
      for (const JsonText& value : elements()) text += (text.empty() ? "" : ", ") + value.repr();
      return "[" + text + "]";
    case Kind::string: return quoted_python(string());
    case Kind::number: return number_text(scalar());
    case Kind::boolean: return scalar() == "true" ? "True" : "False";
    case Kind::null: return "None";
  }
  return text;
}

std::string JsonText::str() const { return kind() == Kind::string ? string() : repr(); }

}  // namespace liquid::tokenizer
