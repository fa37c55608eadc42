#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tokenizer/splitter.h"
#include "tokenizer/tokenizer.h"

namespace liquid::tokenizer {

/// A token found in the text before it is cut into pieces.
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;
  bool single_word = false;  ///< Only where no word character stands beside it.
  bool lstrip = false;       ///< Takes the white space before it.
  bool rstrip = false;       ///< Takes the white space behind it.
  bool normalized = false;   ///< Looked for after the others.
  bool operator==(const AddedToken&) const = default;
};

/// What a tokenizer.json says, once it is known that all of it can be done.
///
/// Invariants: ids are distinct and not negative; the sides of every merge and what they make are
/// in the vocabulary; an added token's content is not empty and, when it is in the vocabulary, has
/// the id it has there.
struct TokenizerSpec {
  SplitPattern pattern = SplitPattern::llama3;
  bool ignore_merges = false;
  std::vector<std::pair<std::string, TokenId>> vocabulary;  ///< In the order of ids.
  std::vector<std::pair<std::string, std::string>> merges;  ///< In the order of ranks.
  std::vector<AddedToken> added;
  std::vector<TokenId> prefix;  ///< Put before a text by the post-processor.
  std::vector<TokenId> suffix;
};

/// Errors: data_corrupt (no JSON, a field that is missing or of the wrong kind, ids or merges that
/// contradict each other), unsupported (names the feature and what is expected).
Result<TokenizerSpec> read_tokenizer_json(std::string_view text);

}  // namespace liquid::tokenizer
