#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace liquid::tracking::sqlite {

/// The file that a tracking URI names, read as Python's MLflow reads it: three slashes before a
/// relative path, four before an absolute one, %XX decoded, what follows `?` ignored.
/// Errors: invalid_argument (names the forms that are understood), unsupported (a database in
/// memory, which no second connection could see; SQLite's own file: URIs).
Result<std::filesystem::path> database_path(std::string_view uri);

}  // namespace liquid::tracking::sqlite
