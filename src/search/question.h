#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "search/analyzer.h"

namespace liquid::search {

/// A question as the index understands it.
struct Question {
  struct Word {
    std::string term;
    std::uint32_t count = 0;  ///< A word asked twice counts twice.
  };
  struct Step {
    std::size_t word = 0;      ///< Index into `words`.
    std::uint32_t offset = 0;  ///< Positions behind the phrase's first word.
  };
  using Phrase = std::vector<Step>;

  std::vector<Word> words;      ///< Distinct, in order of first appearance.
  std::vector<Phrase> phrases;  ///< Each must occur. Words that are not indexed leave a gap.
};

/// Words, and "phrases" in straight or typographic double quotes. A quote sign inside a word (5"
/// disk) or without a partner is no quote.
Question parse_question(std::string_view text, Analyzer& analyzer);

}  // namespace liquid::search
