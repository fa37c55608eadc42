#include "cli/tag_flags.h"

#include <CLI/CLI.hpp>

namespace liquid::cli {

void add_tag_option(CLI::App& command, std::vector<std::string>& tags) {
  command.add_option("--tag", tags, "A tag; may be given again")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

Result<std::vector<tracking::Tag>> parse_tags(const std::vector<std::string>& texts) {
  std::vector<tracking::Tag> tags;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::invalid_argument, "--tag: '" + text + "' is not KEY=VALUE"};
    }
    tags.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return tags;
}

}  // namespace liquid::cli
