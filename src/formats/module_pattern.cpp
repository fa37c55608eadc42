// GCC 12 warns falsely inside <regex> when AddressSanitizer is on (GCC bug 105562).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "formats/module_pattern.h"

#include <optional>
#include <regex>
#include <string>

namespace liquid::formats {
namespace {

constexpr std::size_t kMaxExpression = 2000;

/// libstdc++'s own flag: a breadth-first matcher without back-references, so that an expression
/// from a file cannot hang the program.
constexpr auto kSyntax = std::regex::ECMAScript | std::regex_constants::__polynomial;

std::optional<std::regex> compiled(const std::string& expression) {
  if (expression.size() > kMaxExpression) return std::nullopt;
  try {  // std::regex reports a bad expression by an exception only; it ends here
    return std::regex(expression, kSyntax);
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

bool matches(const std::string& expression, std::string_view path) {
  const std::optional<std::regex> regex = compiled(expression);
  return regex && std::regex_match(path.begin(), path.end(), *regex);
}

}  // namespace

Result<void> check_pattern(std::string_view expression) {
  if (compiled(std::string(expression))) return {};
  return Error{ErrorCode::invalid_argument, "'" + std::string(expression.substr(0, 100)) +
                                                "' is no regular expression that can be read here"};
}

bool fits_whole(std::string_view expression, std::string_view path) {
  return matches(std::string(expression), path);
}

bool pattern_fits(std::string_view expression, std::string_view path) {
  return matches("(?:.*\\.)?(?:" + std::string(expression) + ")", path);
}

}  // namespace liquid::formats
