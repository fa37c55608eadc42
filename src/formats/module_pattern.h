#pragma once

#include <string_view>

#include "base/result.h"

namespace liquid::formats {

/// Regular expressions over module paths, as far as Python's `re` and ECMAScript agree. Matching
/// takes polynomial time, whatever the expression.

/// Errors: invalid_argument (no expression of this kind, or too long), which names it.
Result<void> check_pattern(std::string_view expression);

/// The expression fits the whole path. An invalid one fits nothing.
bool fits_whole(std::string_view expression, std::string_view path);

/// The expression fits the whole path or its last dotted parts, as keys of PEFT's rank_pattern do.
bool pattern_fits(std::string_view expression, std::string_view path);

}  // namespace liquid::formats
