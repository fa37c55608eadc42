#pragma once

#include <optional>
#include <string>

namespace liquid::train {

/// A number as text that comes back bit by bit (C's hexadecimal form).
std::string exact_text(double value);
/// Nothing when `text` is no number.
std::optional<double> exact_number(const std::string& text);

}  // namespace liquid::train
