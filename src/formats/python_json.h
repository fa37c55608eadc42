#pragma once

#include <string>
#include <string_view>

namespace liquid::formats {

/// A number as Python writes it: "3.0", "1000000.0", "1e-05", "NaN", "-Infinity".
std::string python_number(double number);

/// JSON text laid out as Python's json.dumps(indent=2) does, with its spelling of real numbers
/// (Boost.JSON writes 1E6). `json` must be valid; names and texts stay as they are.
std::string python_json(std::string_view json);

}  // namespace liquid::formats
