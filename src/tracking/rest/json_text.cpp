#include "tracking/rest/json_text.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/unicode.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

// Builds the document as Boost's own handler does, except for doubles.
class Handler {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names basic_parser asks for
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  // NOLINTEND(readability-identifier-naming)

  json::value finish() { return stack_.release(); }

  bool on_document_begin(json::error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t count, json::error_code&) {
    stack_.push_object(count);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t count, json::error_code&) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_key(part);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view part, json::error_code&) {
    number_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
    number_.clear();
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
    number_.clear();
    stack_.push_uint64(value);
    return true;
  }
  bool on_double(double value, json::string_view part, json::error_code&) {
    number_.append(part.data(), part.size());
    double nearest = 0;
    const char* end = number_.data() + number_.size();
    const auto read = std::from_chars(number_.data(), end, nearest);
    // Out of range (1e999, 1e-999) is left to Boost: infinity or zero.
    stack_.push_double(read.ec == std::errc() && read.ptr == end ? nearest : value);
    number_.clear();
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  json::value_stack stack_;
  std::string number_;  // the digits so far of a number that comes in pieces
};

// Length of the well-formed sequence at the start of `bytes`; 0 when there is none.
std::size_t sequence_length(std::string_view bytes) {
  for (std::size_t length = 1; length <= 4 && length <= bytes.size(); ++length) {
    if (is_valid_utf8(bytes.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

std::optional<json::object> parse_object(std::string_view text) {
  json::basic_parser<Handler> parser{json::parse_options{}};
  json::error_code problem;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), problem);
  if (problem || used != text.size() || !parser.done()) return std::nullopt;
  json::value document = parser.handler().finish();
  if (!document.is_object()) return std::nullopt;
  return std::move(document.get_object());
}

std::string well_formed(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string repaired;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) append_utf8(repaired, U'\uFFFD');
    if (length > 0) repaired += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return repaired;
}

}  // namespace liquid::tracking::rest
