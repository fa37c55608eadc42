#pragma once

#include <string>
#include <string_view>

#include "formats/yaml.h"

// Scalars of YAML 1.1 by PyYAML's rules.

namespace liquid::formats {

/// The value of an unquoted scalar. Dates and integers beyond 64 bits stay text.
YamlNode plain_scalar(std::string_view text);

/// Text as a scalar that reads back as text: plain where that is safe, otherwise quoted.
std::string quoted_where_needed(std::string_view text);

/// A number that reads back as the same double: "1.0", "1.0e+17", ".inf".
std::string yaml_double(double value);

}  // namespace liquid::formats
