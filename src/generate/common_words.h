#pragma once

#include <string_view>

namespace liquid::generate {

/// How much an English word says about the subject of a question. Documents often say ordinary
/// words another way ("dropped" for "closed"), so missing one means less than missing a special
/// one.
enum class WordCharacter {
  function_word,  ///< "how", "which", "my": holds a sentence together, says nothing.
  vague,          ///< "try", "usually", "anybody": colours a question.
  everyday,       ///< "break", "silent", "early": meaning that has many other words.
  special,        ///< Everything else, and every word of other languages.
};

/// `word` in lower case, unstemmed.
WordCharacter character_of(std::string_view word);

}  // namespace liquid::generate
