#include "synthetic_corpus.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string_view>

namespace liquid::bench {
namespace {

/// Draws words: number r with a probability in proportion to 1 / (r + 1)^exponent.
class ZipfWords {
 public:
  ZipfWords(const CorpusOptions& options, std::uint64_t seed) : random_(seed) {
    double total = 0.0;
    for (std::size_t rank = 0; rank < options.vocabulary; ++rank) {
      total += std::pow(static_cast<double>(rank + 1), -options.exponent);
      cumulative_.push_back(total);
    }
  }

  std::size_t draw() {
    // 53 bits by hand: the standard's distributions may differ between libraries.
    const double uniform = static_cast<double>(random_() >> 11) * 0x1.0p-53 * cumulative_.back();
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, uniform);
    return static_cast<std::size_t>(found - cumulative_.begin());
  }

 private:
  std::mt19937_64 random_;
  std::vector<double> cumulative_;
};

constexpr std::string_view kConsonants = "bdfgklmnprtvzhjc";
constexpr std::string_view kVowels = "aeiou";
constexpr std::size_t kSyllables = kConsonants.size() * kVowels.size();
constexpr std::size_t kWords = kSyllables * kSyllables * kSyllables;

// Three or four syllables of consonant and vowel, different for every number, in no order.
std::string spell(std::size_t number) {
  std::size_t left = number < kWords ? number * 264'127 % kWords : number;  // prime to kWords
  std::string word;
  for (int i = 0; i < 3 || left != 0; ++i) {
    word.push_back(kConsonants[left % kSyllables / kVowels.size()]);
    word.push_back(kVowels[left % kVowels.size()]);
    left /= kSyllables;
  }
  return word;
}

void append_word(std::string& text, std::size_t number) {
  if (!text.empty()) text.push_back(' ');
  text += spell(number);
}

}  // namespace

std::vector<std::string> make_passages(const CorpusOptions& options) {
  ZipfWords words(options, options.seed);
  std::vector<std::string> passages(options.passages);
  for (std::string& passage : passages) {
    for (std::size_t i = 0; i < options.passage_words; ++i) append_word(passage, words.draw());
  }
  return passages;
}

std::vector<std::string> make_queries(const CorpusOptions& options) {
  ZipfWords words(options, options.seed + 1);
  std::vector<std::string> queries(options.queries);
  for (std::string& query : queries) {
    std::vector<std::size_t> drawn;
    while (drawn.size() < options.query_words) {
      const std::size_t word = words.draw();
      if (std::find(drawn.begin(), drawn.end(), word) != drawn.end()) continue;
      drawn.push_back(word);
      append_word(query, word);
    }
  }
  return queries;
}

}  // namespace liquid::bench
