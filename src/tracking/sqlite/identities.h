#pragma once

#include <string>

namespace liquid::tracking::sqlite {

/// A random (version 4) UUID as 32 hexadecimal digits without dashes, as MLflow makes its ids.
std::string new_uuid();

/// "adjective-noun-number", at most 20 characters.
std::string new_name();

}  // namespace liquid::tracking::sqlite
