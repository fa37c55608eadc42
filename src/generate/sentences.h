#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace liquid::generate {

enum class SentenceKind { prose, list_item, row, code };

/// A piece of a text that can be quoted on its own: a sentence, a list item's sentence, a table row
/// or a line of code. Views the text it was cut from.
struct Sentence {
  std::string_view text;
  SentenceKind kind = SentenceKind::prose;
  std::size_t paragraph = 0;  ///< Pieces with the same number stood in one block.
};

/// Cuts a text into its sentences, in order. Blocks are separated by blank lines; inside a block,
/// lines that look like rows or code stand alone, others are read on over their line breaks.
std::vector<Sentence> split_sentences(std::string_view text);

}  // namespace liquid::generate
