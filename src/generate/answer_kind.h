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
  price,        ///< "what does it cost": an amount of money
  version,      ///< "since which version": 1.25.0
  status_code,  ///< 100 to 599
  flag,         ///< --name
  path,         ///< /name
  identifier,   ///< some_name, $name, NAME, --name
  ruling,       ///< "may I", "is it": not, must, never, supported, …
  fallback,     ///< "by default": a default is named
};

/// The kinds a question asks for; empty when its wording does not tell. Knows English wording only.
std::vector<AnswerKind> wanted_kinds(std::string_view question);

/// True for kinds that an answer cannot do without: "how many" is answered by a number or not at
/// all.
bool is_indispensable(AnswerKind kind);

/// True when `sentence` holds something of that kind that the question does not hold already.
bool offers_kind(std::string_view sentence, std::string_view question, AnswerKind kind);

}  // namespace liquid::generate
