#pragma once

#include <memory>

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class FormatterBase;
}

namespace liquid::cli {

/// Help texts that fit into 80 columns.
std::shared_ptr<CLI::FormatterBase> make_help_formatter();

}  // namespace liquid::cli
