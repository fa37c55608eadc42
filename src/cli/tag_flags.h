#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class App;
}

namespace liquid::cli {

/// --tag KEY=VALUE, as often as wanted.
void add_tag_option(CLI::App& command, std::vector<std::string>& tags);

/// The key ends at the first '='. Errors: invalid_argument naming the text.
Result<std::vector<tracking::Tag>> parse_tags(const std::vector<std::string>& texts);

}  // namespace liquid::cli
