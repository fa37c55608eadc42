#include "cli/help_format.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace liquid::cli {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kLeftColumn = 34;

void append_wrapped(std::string& out, const std::string& text) {
  std::istringstream words(text);
  std::size_t column = kLeftColumn;
  for (std::string word; words >> word;) {
    if (column > kLeftColumn && column + 1 + word.size() > kColumns) {
      out += "\n" + std::string(kLeftColumn, ' ');
      column = kLeftColumn;
    }
    if (column > kLeftColumn) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

std::string two_columns(std::string left, const std::string& right) {
  if (left.size() + 1 > kLeftColumn) {
    left += "\n" + std::string(kLeftColumn, ' ');
  } else {
    left.resize(kLeftColumn, ' ');
  }
  append_wrapped(left, right);
  return left;
}

class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return two_columns("  " + make_option_name(option, is_positional) + make_option_opts(option),
                       make_option_desc(option));
  }

  std::string make_subcommand(const CLI::App* command) const override {
    return two_columns("  " + command->get_name(), command->get_description());
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0 || option->get_type_name().empty()) return {};
    return " " + option->get_type_name();
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> make_help_formatter() {
  return std::make_shared<HelpFormatter>();
}

}  // namespace liquid::cli
