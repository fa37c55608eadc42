#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/serve_settings.h"

namespace liquid::cli {

/// Sets what a TOML text says: one `name = value` per setting, named like the flags, no tables.
/// Errors, all invalid_argument: not TOML (see toml.h), an unknown key, a value of the wrong
/// kind or out of bounds (the key, the value, what was expected).
Result<void> apply_toml(ServeSettings& settings, std::string_view text);

/// Sets what variables LIQUID_… say; lists are separated by commas. Errors: invalid_argument, for
/// an unknown LIQUID_… name, too: it is most likely a misspelt one.
using Environment = std::vector<std::pair<std::string, std::string>>;
Result<void> apply_environment(ServeSettings& settings, const Environment& environment);

/// The LIQUID_… variables of this process.
Environment liquid_environment();

/// What `apply_toml` reads back to the same settings; secrets are left out and named as such.
std::string to_toml(const ServeSettings& settings);

/// What cannot be seen at one setting alone. Errors: invalid_argument.
Result<void> validate(const ServeSettings& settings);

}  // namespace liquid::cli
