#include "api/json_body.h"

#include <boost/json/parser.hpp>

#include "api/error_status.h"
#include "api/json_writer.h"
#include "api/request_schema.h"
#include "api/validation.h"
#include "base/unicode.h"

namespace liquid::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kApplication = "application/";

// Depth is bounded by kMaxNesting: what is deeper was refused while it was parsed.
void write(JsonWriter& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: out.null(); return;
    case json::kind::bool_: out.boolean(value.get_bool()); return;
    case json::kind::int64: out.integer(value.get_int64()); return;
    case json::kind::uint64: out.number(static_cast<double>(value.get_uint64())); return;
    case json::kind::double_: out.number(value.get_double()); return;
    case json::kind::string: out.string(std::string_view(value.get_string())); return;
    case json::kind::array:
      out.begin_array();
      for (const json::value& element : value.get_array()) write(out, element);
      out.end_array();
      return;
    case json::kind::object:
      out.begin_object();
      for (const auto& [key, element] : value.get_object()) {
        out.key(key);
        write(out, element);
      }
      out.end_object();
      return;
  }
}

http::Response unreadable() { return detail_response(400, "There was an error parsing the body"); }

std::size_t characters_before(std::string_view text, std::size_t bytes) {
  std::size_t count = 0;
  for (const char c : text.substr(0, bytes)) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++count;
  }
  return count;
}

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  return text;
}

http::Response parse_failure(std::string_view body, std::size_t position,
                             const boost::system::error_code& error) {
  if (error == json::error::too_deep) return unreadable();
  return not_json_response(characters_before(body, position), error.message());
}

http::Response not_an_object(const json::value& value) {
  return validation_response(
      {{"model_attributes_type", "",
        "Input should be a valid dictionary or object to extract fields from", echo_json(value)}});
}

}  // namespace

std::variant<json::object, http::Response> json_object_body(std::string_view body) {
  if (body.empty()) return validation_response({{"missing", "", "Field required", "null"}});
  if (!is_valid_utf8(body)) return unreadable();
  body = without_byte_order_mark(body);

  json::parse_options options;
  options.max_depth = kMaxNesting;
  json::parser parser({}, options);
  boost::system::error_code error;
  const std::size_t used = parser.write_some(body.data(), body.size(), error);
  if (error) return parse_failure(body, used, error);
  if (used < body.size()) return parse_failure(body, used, json::error::extra_data);

  json::value value = parser.release();
  if (!value.is_object()) return not_an_object(value);
  return std::move(value.get_object());
}

std::string echo_json(const json::value& value) {
  JsonWriter out;
  write(out, value);
  return std::move(out).take();
}

bool is_json_content_type(std::string_view content_type) {
  const std::size_t end = content_type.find(';');
  std::string_view type = content_type.substr(0, end);
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  if (type.size() <= kApplication.size()) return false;
  if (!http::equals_ignoring_case(type.substr(0, kApplication.size()), kApplication)) return false;
  const std::string_view subtype = type.substr(kApplication.size());
  if (http::equals_ignoring_case(subtype, "json")) return true;
  return subtype.size() > 5 &&
         http::equals_ignoring_case(subtype.substr(subtype.size() - 5), "+json");
}

}  // namespace liquid::api
