#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace liquid::generate {

/// What sort of thing a question asks for, as far as its wording says.
enum class AnswerKind : std::uint8_t {
  duration,     ///< "how long", "how often": 15d, 60 seconds
  size,         ///< "how large": 1m, 512 MB
  number,       ///< "how many", "how much": any number
  port,         ///< a number of two to five digits
  status_code,  ///< 100 to 599
  flag,         ///< --name
  path,         ///< /name
  identifier,   ///< some_name, $name, NAME, --name
  ruling,       ///< "may I", "is it": not, must, never, supported, …
  fallback,     ///< "by default": a default is named
};

/// The kinds a question asks for; empty when its wording does not tell. Knows English wording only.
std::vector<AnswerKind> wanted_kinds(std::string_view question);

/// True when `sentence` holds something of that kind that the question does not hold already.
bool offers_kind(std::string_view sentence, std::string_view question, AnswerKind kind);

}  // namespace liquid::generate
