#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::cli {

/// One `key = value` of a settings file.
struct TomlEntry {
  std::size_t line = 0;
  std::string key;
  enum class Shape { single, list };
  Shape shape = Shape::single;
  std::vector<std::string> values;  ///< Strings unquoted, numbers in decimal (a fraction as
                                    ///< it stands, without "_" and "+"), true or false.
};

/// Reads the part of TOML 1.0 that settings need: keys with strings, numbers, booleans and lists of
/// them. What that part leaves out (tables, dotted keys, inf and nan, dates, multi-line strings)
/// is an error, as is a key that stands twice. Errors: invalid_argument, with the line.
Result<std::vector<TomlEntry>> parse_toml(std::string_view text);

}  // namespace liquid::cli
