#pragma once

#include <optional>
#include <string>
#include <string_view>

// How text is written where only some characters may stand.

namespace liquid::tracking {

/// RFC 4648 with padding.
std::string base64(std::string_view bytes);
/// Nothing for a character outside the alphabet. Padding may be missing.
std::optional<std::string> from_base64(std::string_view text);

/// RFC 3986: everything but unreserved characters and those of `kept` becomes %XX.
std::string percent_encoded(std::string_view text, std::string_view kept = "");
/// %XX decoded once; escapes that are none stay as they are.
std::string percent_decoded(std::string_view text);

}  // namespace liquid::tracking
