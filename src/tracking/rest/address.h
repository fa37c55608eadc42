#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid::tracking::rest {

/// A tracking URI taken apart: http[s]://[user[:password]@]host[:port][/prefix].
struct Address {
  std::string base;  ///< Without user, query and slashes at its end; fit to be shown.
  std::string username;
  std::string password;
};

/// Errors: invalid_argument, which shows no password.
Result<Address> parse_address(std::string_view uri);

/// `text` for one part of a path or of a query: everything but unreserved characters becomes %XX.
std::string percent_encoded(std::string_view text);

}  // namespace liquid::tracking::rest
