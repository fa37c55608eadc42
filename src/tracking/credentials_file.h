#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace liquid::tracking {

/// What ~/.mlflow/credentials holds; empty where it says nothing.
struct Credentials {
  std::string username;
  std::string password;
};

/// Nothing of a file that does not exist. Errors: invalid_argument (path, line and what was
/// expected, never the line's text: it may hold a password), permission_denied, unavailable.
Result<Credentials> read_credentials(const std::filesystem::path& path);

}  // namespace liquid::tracking
