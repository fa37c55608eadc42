#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/string_list.h"
#include "search/string_table.h"

struct sb_stemmer;

namespace liquid::search {

/// One word of a text, as it stands and as it is indexed.
struct Token {
  std::string_view surface;    ///< Folded (lower case, NFKC), not yet stemmed.
  std::uint32_t position = 0;  ///< Counts every word, also those that are not indexed.
  std::size_t begin = 0;       ///< Bytes [begin, end) in the text.
  std::size_t end = 0;
};

/// Calls `sink` for each run of word characters, folded: identifiers fall apart at underscores,
/// dots and dashes; Chinese and Japanese runs become overlapping pairs. The text should be UTF-8;
/// bytes that are not end a word. `Token::surface` lives until the sink returns. Returns the number
/// of positions used.
std::uint32_t for_each_token(std::string_view text, const std::function<void(const Token&)>& sink);

/// Words of one language: which are too common to index, and their stems. One thread at a time.
class Analyzer {
 public:
  /// `language` is a Snowball stemmer's name, or "none". Errors: invalid_argument (the message
  /// lists what there is).
  static Result<Analyzer> create(std::string_view language);

  /// The indexed form of a folded token; empty for words that are not indexed (stop words and
  /// single letters). Lives until the next call.
  std::string_view term(std::string_view surface);
  bool is_stop_word(std::string_view surface) const;
  /// Drops the remembered stems; `term` does it by itself when there are very many.
  void forget();

 private:
  struct Delete {
    void operator()(sb_stemmer* stemmer) const;
  };
  Analyzer(sb_stemmer* stemmer, std::vector<std::string_view> stop_words);

  std::string_view stem(std::string_view surface);

  std::unique_ptr<sb_stemmer, Delete> stemmer_;  // null for "none"
  std::vector<std::string_view> stop_words_;     // sorted
  StringTable known_;                            // surfaces met so far
  StringList stems_;                             // of each of them
};

/// The languages `Analyzer::create` knows, sorted.
std::vector<std::string> languages();

/// Words of the language that carry no meaning of their own, sorted; none for languages without a
/// list.
std::vector<std::string_view> stop_words(std::string_view language);

}  // namespace liquid::search
