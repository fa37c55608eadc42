#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct sb_stemmer;

namespace liquid::generate {

/// A Snowball stemmer's name; what the index uses unless told otherwise.
inline constexpr const char* kDefaultLanguage = "english";

/// One run of letters and digits in a text. `begin`/`end` are byte positions.
struct Word {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string stem;  ///< Case-folded and stemmed: what two words are compared by.
};

/// Cuts text into words and stems them. Identifiers come apart at everything that is neither letter
/// nor digit ("limit_req_status" is three words), as they do in the index.
/// Not safe from several threads at once: make one per call, construction costs about a
/// microsecond.
class WordSplitter {
 public:
  /// `language` is a Snowball stemmer's name; words stay unstemmed when it is unknown.
  explicit WordSplitter(const std::string& language);
  ~WordSplitter();
  WordSplitter(const WordSplitter&) = delete;
  WordSplitter& operator=(const WordSplitter&) = delete;

  /// `text` should be UTF-8; other bytes separate words.
  std::vector<Word> split(std::string_view text) const;
  std::string stem(std::string_view word) const;

 private:
  struct Free {
    void operator()(sb_stemmer* stemmer) const;
  };
  std::unique_ptr<sb_stemmer, Free> stemmer_;
};

/// Lower-cases A–Z, leaves every other byte alone.
std::string ascii_lower(std::string_view text);

}  // namespace liquid::generate
