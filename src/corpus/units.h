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

/// Where the tokens and words of a text begin; found once, so that cutting stays linear.
class WordPlaces {
 public:
  explicit WordPlaces(std::string_view text);

  std::size_t tokens() const { return starts_.size(); }
  /// Byte offset of a token; of the end of the text for the number behind the last.
  std::size_t offset(std::size_t token) const {
    return token < starts_.size() ? starts_[token] : bytes_;
  }
  /// The token behind the word that `token` is in, at most `max_tokens` on.
  std::size_t end_of_word(std::size_t token, std::size_t max_tokens) const;
  /// The token behind as many words as have at most `max_tokens` (> 0); only a word that has more
  /// by itself is cut.
  std::size_t end_of_words(std::size_t token, std::size_t max_tokens) const;

 private:
  bool begins_word(std::size_t token) const { return token == starts_.size() || begins_[token]; }

  std::vector<std::size_t> starts_;
  std::vector<bool> begins_;  // by token: a blank stands before it
  std::size_t bytes_;
};

/// Where the last whole words of `text` with at most `tokens` tokens start; only a very long word
/// is cut. The end of `text` when there are none.
std::size_t start_of_last(std::string_view text, std::size_t tokens);

}  // namespace liquid::corpus
