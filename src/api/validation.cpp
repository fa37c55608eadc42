#include "api/validation.h"

#include "api/json_writer.h"

namespace liquid::api {
namespace {

constexpr std::size_t kMaxInputBytes = 4096;

void write_input(JsonWriter& json, const std::string& input) {
  json.key("input");
  if (input.size() <= kMaxInputBytes) {
    json.raw(input);
  } else {
    json.string("(" + std::to_string(input.size()) + " bytes, not repeated here)");
  }
}

}  // namespace

http::Response validation_response(const std::vector<Problem>& problems) {
  JsonWriter json;
  json.begin_object().key("detail").begin_array();
  for (const Problem& problem : problems) {
    json.begin_object().key("type").string(problem.type);
    json.key("loc").begin_array().string("body");
    if (!problem.field.empty()) json.string(problem.field);
    json.end_array().key("msg").string(problem.message);
    write_input(json, problem.input);
    if (!problem.context.empty()) json.key("ctx").raw(problem.context);
    json.end_object();
  }
  json.end_array().end_object();
  return http::json_response(422, std::move(json).take());
}

http::Response not_json_response(std::size_t position, std::string_view reason) {
  JsonWriter json;
  json.begin_object().key("detail").begin_array().begin_object();
  json.key("type").string("json_invalid");
  json.key("loc").begin_array().string("body").integer(static_cast<std::int64_t>(position));
  json.end_array().key("msg").string("JSON decode error");
  json.key("input").begin_object().end_object();
  json.key("ctx").begin_object().key("error").string(reason).end_object();
  json.end_object().end_array().end_object();
  return http::json_response(422, std::move(json).take());
}

}  // namespace liquid::api
