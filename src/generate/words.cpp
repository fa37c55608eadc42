#include "generate/words.h"

#include <libstemmer.h>

#include <algorithm>

#include "base/unicode.h"

namespace liquid::generate {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_ascii_word(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// Length of the word that starts at `begin`, 0 when none does. `text` is valid UTF-8.
std::size_t word_length(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size()) {
    const auto byte = static_cast<unsigned char>(text[end]);
    if (byte < 0x80) {
      if (!is_ascii_word(byte)) break;
      ++end;
      continue;
    }
    std::size_t behind = end;
    if (!is_word_code_point(next_code_point(text, behind))) break;
    end = behind;
  }
  return end - begin;
}

std::size_t code_point_length(std::string_view text, std::size_t position) {
  std::size_t behind = position;
  next_code_point(text, behind);
  return behind - position;
}

std::string case_fold(std::string_view word) {
  const bool is_ascii = std::all_of(word.begin(), word.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) return ascii_lower(word);
  return to_nfkc_casefold(word).value_or(std::string(word));
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

WordSplitter::WordSplitter(const std::string& language)
    : stemmer_(sb_stemmer_new(language.c_str(), "UTF_8")) {}

WordSplitter::~WordSplitter() = default;

void WordSplitter::Free::operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }

std::string WordSplitter::stem(std::string_view word) const {
  std::string folded = case_fold(word);
  if (!stemmer_) return folded;
  const sb_symbol* stemmed =
      sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(folded.data()),
                      static_cast<int>(folded.size()));
  if (stemmed == nullptr) return folded;
  return {reinterpret_cast<const char*>(stemmed),
          static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
}

std::vector<Word> WordSplitter::split(std::string_view text) const {
  std::vector<Word> words;
  if (!is_valid_utf8(text)) return words;
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t length = word_length(text, position);
    if (length == 0) {
      position += code_point_length(text, position);
      continue;
    }
    words.push_back({position, position + length, stem(text.substr(position, length))});
    position += length;
  }
  return words;
}

}  // namespace liquid::generate
