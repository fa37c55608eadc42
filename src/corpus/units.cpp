#include "corpus/units.h"

#include <algorithm>

#include "corpus/tokens.h"

namespace liquid::corpus {
namespace {

// A "word" of so many tokens is text of a script without blanks, or no language at all.
constexpr std::size_t kLongWord = 16;

constexpr std::string_view kBlanks = " \t\r\n\v\f";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

// Length of a quotation mark or bracket that may stand behind the full stop.
std::size_t closer_length(std::string_view rest) {
  for (const std::string_view closer : {"\"", "'", ")", "]", "\xE2\x80\x9D", "\xE2\x80\x99"}) {
    if (rest.starts_with(closer)) return closer.size();
  }
  return 0;
}

// Length of the sentence end that `rest` starts with, 0 for none.
std::size_t sentence_end_length(std::string_view rest) {
  for (const std::string_view stop : {"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F"}) {
    if (rest.starts_with(stop)) return stop.size();
  }
  if (rest[0] == '\n') return 1;
  if (rest[0] != '.' && rest[0] != '!' && rest[0] != '?') return 0;
  std::size_t length = 1;
  while (const std::size_t closer = closer_length(rest.substr(length))) length += closer;
  if (length == rest.size()) return length;
  const std::size_t next = rest.find_first_not_of(kBlanks, length);
  if (!is_blank(rest[length]) || next == rest.npos) return 0;
  const bool continues = rest[next] >= 'a' && rest[next] <= 'z';
  return continues ? 0 : length;
}

std::size_t end_length(std::string_view rest, BlockKind kind) {
  if (kind == BlockKind::code || kind == BlockKind::table) return rest[0] == '\n' ? 1 : 0;
  return sentence_end_length(rest);
}

}  // namespace

TextRange trimmed(std::string_view text, TextRange range) {
  while (range.begin < range.end && is_blank(text[range.begin])) ++range.begin;
  while (range.end > range.begin && is_blank(text[range.end - 1])) --range.end;
  return range;
}

std::vector<TextRange> units_of(std::string_view text, BlockKind kind) {
  std::vector<TextRange> units;
  std::size_t begin = 0;
  const auto add = [&](std::size_t end) {
    const TextRange unit = trimmed(text, {begin, end});
    if (unit.begin < unit.end) units.push_back(unit);
    begin = end;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = end_length(text.substr(at), kind);
    at += length > 0 ? length : 1;
    if (length > 0) add(at);
  }
  add(text.size());
  return units;
}

WordPlaces::WordPlaces(std::string_view text) : starts_(token_starts(text)), bytes_(text.size()) {
  begins_.reserve(starts_.size());
  for (const std::size_t start : starts_) {
    begins_.push_back(start == 0 || is_blank(text[start - 1]));
  }
}

std::size_t WordPlaces::end_of_word(std::size_t token, std::size_t max_tokens) const {
  const std::size_t limit = std::min(token + max_tokens, starts_.size());
  std::size_t end = token + 1;
  while (end < limit && !begins_word(end)) ++end;
  return end;
}

std::size_t WordPlaces::end_of_words(std::size_t token, std::size_t max_tokens) const {
  const std::size_t limit = std::min(token + max_tokens, starts_.size());
  std::size_t end = limit;
  while (end > token && !begins_word(end)) --end;
  return end > token ? end : limit;
}

std::size_t start_of_last(std::string_view text, std::size_t tokens) {
  const std::vector<std::size_t> starts = token_starts(text);
  if (starts.size() <= tokens) return 0;
  if (tokens == 0) return text.size();
  const std::size_t start = starts[starts.size() - tokens];
  if (start == 0 || is_blank(text[start - 1])) return start;
  const std::size_t blank = text.find_first_of(kBlanks, start);
  if (blank != text.npos) return text.find_first_not_of(kBlanks, blank);
  const std::size_t last_word = text.find_last_of(kBlanks) + 1;  // npos + 1 = 0
  const bool text_without_blanks = count_tokens(text.substr(last_word)) >= kLongWord;
  return text_without_blanks ? start : text.size();
}

}  // namespace liquid::corpus
