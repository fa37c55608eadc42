#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "http/message.h"

namespace liquid::api {

/// The body as a JSON object, or the answer that says why it is none. Private to
/// request_schema.cpp: this header is the one place of the room where Boost.JSON is seen.
std::variant<boost::json::object, http::Response> json_object_body(std::string_view body);

/// `value` as it is shown to who sent it: numbers in their shortest form.
std::string echo_json(const boost::json::value& value);

/// True for application/json and application/…+json, parameters and case aside.
bool is_json_content_type(std::string_view content_type);

}  // namespace liquid::api
