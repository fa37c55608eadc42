#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace liquid::tracking::rest {

/// The JSON object that `text` is; nothing when it is none. Numbers are the nearest doubles of
/// their digits: Boost.JSON 1.81's own reading is one unit in the last place off for every fourth
/// double.
std::optional<boost::json::object> parse_object(std::string_view text);

/// `text` as JSON may hold it: bytes that are not UTF-8 become U+FFFD, so that one bad byte in a
/// tag does not make a server refuse a whole batch for ever.
std::string well_formed(std::string_view text);

}  // namespace liquid::tracking::rest
