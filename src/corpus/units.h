#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "corpus/document.h"

namespace liquid::corpus {

/// Bytes [begin, end) of a block's text.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TextRange&) const = default;
};

/// The range without white space at its ends.
TextRange trimmed(std::string_view text, TextRange range);

/// The pieces a block that does not fit is cut into: sentences of prose, lines of code and tables.
/// They lie in order and cover everything but white space.
std::vector<TextRange> units_of(std::string_view text, BlockKind kind);

/// The longest front part of `text` with at most `max_tokens` (> 0) tokens: up to a blank where
/// there is one in it, otherwise up to a token's start.
std::size_t longest_prefix(std::string_view text, std::size_t max_tokens);

/// Where the last whole words of `text` with at most `tokens` tokens start; only a very long word
/// is cut. The end of `text` when there are none.
std::size_t start_of_last(std::string_view text, std::size_t tokens);

}  // namespace liquid::corpus
