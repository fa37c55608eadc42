#include "corpus/tokens.h"

#include <algorithm>
#include <array>

#include "base/unicode.h"

namespace liquid::corpus {
namespace {

constexpr std::size_t kMaxWordLength = 32;

enum class Class { blank, word, single };

struct Range {
  char32_t first;
  char32_t last;
};

// Thai and Lao, Burmese, Khmer, CJK with kana, compatibility ideographs, supplementary ideographs.
constexpr std::array<Range, 6> kScriptsWithoutBlanks = {{{0x0E00, 0x0EFF},
                                                         {0x1000, 0x109F},
                                                         {0x1780, 0x17FF},
                                                         {0x2E80, 0x9FFF},
                                                         {0xF900, 0xFAFF},
                                                         {0x20000, 0x3FFFF}}};

Class class_of(char32_t c) {
  if (c < 0x80) {
    if (is_word_code_point(c)) return Class::word;
    return c > 0x20 && c < 0x7F ? Class::single : Class::blank;
  }
  if (c == 0x85 || c == 0xA0 || c == 0xAD || c == 0x3000 || (c >= 0x2000 && c <= 0x200F)) {
    return Class::blank;
  }
  if (!is_word_code_point(c)) return Class::single;
  const bool no_blanks =
      std::any_of(kScriptsWithoutBlanks.begin(), kScriptsWithoutBlanks.end(),
                  [c](const Range& range) { return c >= range.first && c <= range.last; });
  return no_blanks ? Class::single : Class::word;
}

template <typename Visit>
void for_each_token(std::string_view text, Visit visit) {
  std::size_t position = 0;
  std::size_t word_length = 0;
  while (position < text.size()) {
    const std::size_t start = position;
    const Class kind = class_of(next_code_point(text, position));
    if (kind == Class::word) {
      if (word_length == 0) visit(start);
      word_length = (word_length + 1) % kMaxWordLength;
    } else {
      if (kind == Class::single) visit(start);
      word_length = 0;
    }
  }
}

}  // namespace

std::size_t count_tokens(std::string_view text) {
  std::size_t count = 0;
  for_each_token(text, [&count](std::size_t) { ++count; });
  return count;
}

std::vector<std::size_t> token_starts(std::string_view text) {
  std::vector<std::size_t> starts;
  for_each_token(text, [&starts](std::size_t start) { starts.push_back(start); });
  return starts;
}

}  // namespace liquid::corpus
