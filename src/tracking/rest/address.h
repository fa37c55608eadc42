#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "tracking/settings.h"

namespace liquid::tracking::rest {

/// A tracking URI taken apart: http[s]://[user[:password]@]host[:port][/prefix].
struct Address {
  std::string base;  ///< Without user, query and slashes at its end; fit to be shown.
  std::string username;
  std::string password;
};

/// Errors: invalid_argument, which shows no password.
Result<Address> parse_address(std::string_view uri);

/// The value of the Authorization header, empty for none. The environment's user goes before the
/// URI's, and both before a token, as in MLflow's client.
std::string authorization(const Address& address, const ServerAccess& access);

}  // namespace liquid::tracking::rest
