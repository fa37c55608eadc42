#include "api/request_schema.h"

#include <boost/json/value.hpp>
#include <cmath>
#include <optional>

#include "api/json_body.h"
#include "api/json_writer.h"
#include "api/validation.h"

namespace liquid::api {
namespace {

namespace json = boost::json;

constexpr int kLeast = 1;
constexpr int kGreatest = 20;
constexpr std::string_view kBlank = " \t\n\r\f\v";  // what Python strips

/// Takes the fields of one body; what does not fit becomes a Problem, in the order of the schema.
class FieldReader {
 public:
  explicit FieldReader(const json::object& body) : body_(body) {}

  void required_string(std::string_view field, std::string& out);
  void bounded_integer(std::string_view field, int& out);
  void boolean(std::string_view field, bool& out);

  const std::vector<Problem>& problems() const { return problems_; }

 private:
  void add(std::string_view type, std::string_view field, std::string_view message,
           const json::value& input) {
    problems_.push_back({type, field, message, echo_json(input)});
  }

  const json::object& body_;
  std::vector<Problem> problems_;
};

void FieldReader::required_string(std::string_view field, std::string& out) {
  const json::value* value = body_.if_contains(field);
  if (value == nullptr) {
    problems_.push_back({"missing", field, "Field required", echo_json(body_)});
  } else if (!value->is_string()) {
    add("string_type", field, "Input should be a valid string", *value);
  } else {
    out.assign(value->get_string().data(), value->get_string().size());
  }
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Everything beyond this is out of range in the same way.
constexpr double kFar = 1e9;

// [+-]digits with single underscores inside, then perhaps ".000": what Python's clients may send.
std::optional<double> integer_in_text(std::string_view text) {
  text = trimmed(text);
  double sign = 1;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    if (text.front() == '-') sign = -1;
    text.remove_prefix(1);
  }
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos) {
    const std::string_view zeros = text.substr(point + 1);
    if (zeros.empty() || zeros.find_first_not_of('0') != std::string_view::npos) return {};
    text = text.substr(0, point);
  }
  if (text.empty() || text.front() == '_' || text.back() == '_') return {};
  double value = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && text[i - 1] != '_') continue;
    if (text[i] < '0' || text[i] > '9') return {};
    value = std::min(value * 10 + (text[i] - '0'), kFar);
  }
  return sign * value;
}

enum class Fit { whole, fraction, unreadable_text, wrong_kind };

struct Whole {
  Fit fit = Fit::whole;
  double value = 0;
};

Whole whole_number(const json::value& value) {
  switch (value.kind()) {
    case json::kind::int64: return {Fit::whole, static_cast<double>(value.get_int64())};
    case json::kind::uint64: return {Fit::whole, static_cast<double>(value.get_uint64())};
    case json::kind::bool_: return {Fit::whole, value.get_bool() ? 1.0 : 0.0};
    case json::kind::double_: {
      const double number = value.get_double();
      return {std::trunc(number) == number ? Fit::whole : Fit::fraction, number};
    }
    case json::kind::string: {
      const auto number = integer_in_text({value.get_string().data(), value.get_string().size()});
      return number ? Whole{Fit::whole, *number} : Whole{Fit::unreadable_text, 0};
    }
    case json::kind::null:
    case json::kind::array:
    case json::kind::object: return {Fit::wrong_kind, 0};
  }
  return {Fit::wrong_kind, 0};
}

void FieldReader::bounded_integer(std::string_view field, int& out) {
  const json::value* value = body_.if_contains(field);
  if (value == nullptr) return;
  const Whole number = whole_number(*value);
  if (number.fit == Fit::wrong_kind) {
    add("int_type", field, "Input should be a valid integer", *value);
  } else if (number.fit == Fit::unreadable_text) {
    add("int_parsing", field,
        "Input should be a valid integer, unable to parse string as an integer", *value);
  } else if (number.fit == Fit::fraction) {
    add("int_from_float", field,
        "Input should be a valid integer, got a number with a fractional part", *value);
  } else if (number.value < kLeast) {
    add("greater_than_equal", field, "Input should be greater than or equal to 1", *value);
    problems_.back().context = R"({"ge":1})";
  } else if (number.value > kGreatest) {
    add("less_than_equal", field, "Input should be less than or equal to 20", *value);
    problems_.back().context = R"({"le":20})";
  } else {
    out = static_cast<int>(number.value);
  }
}

std::optional<bool> boolean_in_text(std::string_view text) {
  for (const std::string_view yes : {"true", "1", "yes", "on", "t", "y"}) {
    if (http::equals_ignoring_case(text, yes)) return true;
  }
  for (const std::string_view no : {"false", "0", "no", "off", "f", "n"}) {
    if (http::equals_ignoring_case(text, no)) return false;
  }
  return {};
}

std::optional<bool> boolean_value(const json::value& value) {
  if (value.is_bool()) return value.get_bool();
  if (value.is_string()) {
    return boolean_in_text({value.get_string().data(), value.get_string().size()});
  }
  const Whole number = whole_number(value);
  if (number.fit != Fit::whole || (number.value != 0 && number.value != 1)) return {};
  return number.value == 1;
}

void FieldReader::boolean(std::string_view field, bool& out) {
  const json::value* value = body_.if_contains(field);
  if (value == nullptr) return;
  if (const std::optional<bool> read = boolean_value(*value)) {
    out = *read;
    return;
  }
  const Fit fit = whole_number(*value).fit;
  if (fit == Fit::wrong_kind || fit == Fit::fraction) {
    add("bool_type", field, "Input should be a valid boolean", *value);
  } else {
    add("bool_parsing", field, "Input should be a valid boolean, unable to interpret input",
        *value);
  }
}

// A body that is not labelled as JSON is taken as text, and text has no fields.
http::Response not_labelled_json(std::string_view body) {
  if (body.empty()) return validation_response({{"missing", "", "Field required", "null"}});
  JsonWriter echo;
  echo.string(body);
  return validation_response(
      {{"model_attributes_type", "",
        "Input should be a valid dictionary or object to extract fields from",
        std::move(echo).take()}});
}

}  // namespace

Checked<AskRequest> parse_ask_text(std::string_view text) {
  auto body = json_object_body(text);
  if (auto* refusal = std::get_if<http::Response>(&body)) return std::move(*refusal);
  AskRequest request;
  FieldReader fields(std::get<json::object>(body));
  fields.required_string("question", request.question);
  fields.bounded_integer("max_context_chunks", request.max_context_chunks);
  fields.boolean("use_hybrid_search", request.use_hybrid_search);
  fields.boolean("fast_mode", request.fast_mode);
  if (!fields.problems().empty()) return validation_response(fields.problems());
  return request;
}

Checked<SearchRequest> parse_search_text(std::string_view text) {
  auto body = json_object_body(text);
  if (auto* refusal = std::get_if<http::Response>(&body)) return std::move(*refusal);
  SearchRequest request;
  FieldReader fields(std::get<json::object>(body));
  fields.required_string("query", request.query);
  fields.bounded_integer("top_k", request.top_k);
  fields.boolean("hybrid", request.hybrid);
  if (!fields.problems().empty()) return validation_response(fields.problems());
  return request;
}

Checked<AskRequest> parse_ask(const http::Request& request) {
  if (!is_json_content_type(request.header("Content-Type"))) return not_labelled_json(request.body);
  return parse_ask_text(request.body);
}

Checked<SearchRequest> parse_search(const http::Request& request) {
  if (!is_json_content_type(request.header("Content-Type"))) return not_labelled_json(request.body);
  return parse_search_text(request.body);
}

}  // namespace liquid::api
