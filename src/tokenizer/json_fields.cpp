#include "tokenizer/json_fields.h"

#include <algorithm>

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;

Error wrong_kind(std::string place, std::string_view expected) {
  return {ErrorCode::data_corrupt, std::move(place) + " is missing or no " + std::string(expected)};
}

bool says_nothing(const json::value& value) {
  return value.is_null() || (value.is_bool() && !value.get_bool());
}

}  // namespace

Result<JsonFields> JsonFields::of(const json::value& value, std::string place) {
  const json::object* object = value.if_object();
  if (object == nullptr) return wrong_kind(place.empty() ? "the file" : place, "object");
  return JsonFields(*object, std::move(place));
}

std::string JsonFields::path(std::string_view field) const {
  return place_.empty() ? std::string(field) : place_ + "." + std::string(field);
}

const json::value* JsonFields::find(std::string_view field) const {
  const json::value* value = object_->if_contains(field);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::string_view> JsonFields::text(std::string_view field) const {
  const json::value* value = find(field);
  if (value == nullptr || !value->is_string()) return wrong_kind(path(field), "string");
  return std::string_view(value->get_string());
}

Result<JsonFields> JsonFields::object(std::string_view field) const {
  const json::value* value = find(field);
  if (value == nullptr) return wrong_kind(path(field), "object");
  return of(*value, path(field));
}

Result<const json::array*> JsonFields::array(std::string_view field) const {
  const json::value* value = find(field);
  if (value == nullptr || !value->is_array()) return wrong_kind(path(field), "array");
  return &value->get_array();
}

Result<std::int64_t> JsonFields::number(std::string_view field) const {
  const json::value* value = find(field);
  if (value == nullptr || !value->is_int64()) return wrong_kind(path(field), "whole number");
  return value->get_int64();
}

Result<bool> JsonFields::flag(std::string_view field) const {
  const json::value* value = find(field);
  if (value == nullptr) return false;
  if (!value->is_bool()) return wrong_kind(path(field), "boolean");
  return value->get_bool();
}

Result<void> JsonFields::only(std::initializer_list<std::string_view> known) const {
  for (const json::key_value_pair& item : *object_) {
    const std::string_view field = item.key();
    if (says_nothing(item.value()) || std::find(known.begin(), known.end(), field) != known.end()) {
      continue;
    }
    return Error{ErrorCode::unsupported, "field '" + path(field) + "' is not supported: " +
                                             "what it does to the text is not known here"};
  }
  return {};
}

}  // namespace liquid::tokenizer
