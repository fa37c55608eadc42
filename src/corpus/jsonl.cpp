#include "corpus/jsonl.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace liquid::corpus {
namespace {

namespace json = boost::json;

const char* kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_: return "a number";
    case json::kind::string: return "a string";
    case json::kind::array: return "an array";
    case json::kind::object: return "an object";
  }
  return "a value";
}

Error wrong_type(std::string_view field, const json::value& value, std::string_view expected) {
  return Error{ErrorCode::invalid_argument, "\"" + std::string(field) + "\" is " +
                                                kind_name(value) + "; expected " +
                                                std::string(expected)};
}

std::string spelling(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_double()) return json::serialize(value);
  // Boost.JSON would write 0.5 as 5E-1.
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value.get_double());
  return {digits.begin(), end.ptr};
}

Result<void> take_field(std::string_view name, const json::value& value, JsonlRow& row) {
  if (value.is_null()) return {};
  if (name == "text" || name == "title") {
    if (!value.is_string()) return wrong_type(name, value, "a string");
    (name == "text" ? row.text : row.title) = spelling(value);
  } else if (name == "_id") {
    if (!value.is_string() && !value.is_number())
      return wrong_type(name, value, "a string or a number");
    row.id = spelling(value);
  } else {
    row.metadata[std::string(name)] = spelling(value);
  }
  return {};
}

}  // namespace

Result<JsonlRow> parse_jsonl_row(std::string_view line) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(json::string_view(line.data(), line.size()), failed);
  if (failed) return Error{ErrorCode::data_corrupt, "not JSON: " + failed.message()};
  if (!parsed.is_object()) {
    return Error{ErrorCode::data_corrupt,
                 std::string("expected a JSON object, got ") + kind_name(parsed)};
  }
  JsonlRow row;
  for (const json::key_value_pair& field : parsed.get_object()) {
    const std::string_view name(field.key().data(), field.key().size());
    if (Result<void> taken = take_field(name, field.value(), row); !taken)
      return std::move(taken).error();
  }
  if (row.text.find_first_not_of(" \t\r\n") == row.text.npos && row.title.empty()) {
    return Error{ErrorCode::invalid_argument, "the row has no \"text\""};
  }
  return row;
}

}  // namespace liquid::corpus
