#include "tokenizer/splitter.h"

#include <array>
#include <utility>

// The patterns, alternatives in order; the first that matches wins.
//
//   llama3, qwen2                              gpt2
//   (?i:'s|'t|'re|'ve|'m|'ll|'d)               's|'t|'re|'ve|'m|'ll|'d
//   [^\r\n\p{L}\p{N}]?\p{L}+                    ?\p{L}+
//   \p{N}{1,3}   (qwen2: \p{N})                 ?\p{N}+
//    ?[^\s\p{L}\p{N}]+[\r\n]*                   ?[^\s\p{L}\p{N}]+
//   \s*[\r\n]+                                 \s+(?!\S)
//   \s+(?!\S)                                  \s+
//   \s+

namespace liquid::tokenizer {
namespace {

constexpr std::array<std::pair<SplitPattern, std::string_view>, 3> kPatterns{{
    {SplitPattern::llama3,
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {SplitPattern::qwen2,
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {SplitPattern::gpt2,
     R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
}};

constexpr std::uint8_t kNotSymbol = kLetter | kNumber | kSpace;

bool is_line_end(char32_t value) { return value == U'\r' || value == U'\n'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The length of "'s" and its like at `at`, where an apostrophe stands; 0 when there is none.
std::size_t contraction_length(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return 0;
  const char second = text[at + 1];
  if (second == 's' || second == 't' || second == 'm' || second == 'd') return 2;
  if (at + 2 >= text.size()) return 0;
  const std::string_view tail = text.substr(at + 1, 2);
  return tail == "re" || tail == "ve" || tail == "ll" ? 3 : 0;
}

/// The same without regard to case. By Unicode's folding the long s (U+017F) is an s too.
std::size_t caseless_contraction_length(std::string_view text, std::size_t at) {
  constexpr std::string_view kLongS = "\u017F";
  if (text.substr(at + 1).starts_with(kLongS)) return 1 + kLongS.size();
  std::array<char, 3> folded{'\'', '\0', '\0'};
  const std::string_view tail = text.substr(at + 1, 2);
  for (std::size_t i = 0; i < tail.size(); ++i) folded[i + 1] = lower(tail[i]);
  return contraction_length({folded.data(), tail.size() + 1}, 0);
}

}  // namespace

std::string_view regex_of(SplitPattern pattern) {
  for (const auto& [candidate, regex] : kPatterns) {
    if (candidate == pattern) return regex;
  }
  return {};
}

std::optional<SplitPattern> pattern_of(std::string_view regex) {
  for (const auto& [pattern, candidate] : kPatterns) {
    if (candidate == regex) return pattern;
  }
  return std::nullopt;
}

Splitter::Mark Splitter::mark_at(std::string_view text, std::size_t at) const {
  const Scalar scalar = scalar_at(text, at);
  return {scalar.value, (*classes_)[scalar.value], at + scalar.length};
}

std::size_t Splitter::run_end(std::string_view text, std::size_t at, std::uint8_t bits) const {
  while (at < text.size()) {
    const Mark mark = mark_at(text, at);
    if ((mark.bits & bits) == 0) break;
    at = mark.end;
  }
  return at;
}

std::size_t Splitter::symbols_end(std::string_view text, std::size_t at) const {
  while (at < text.size()) {
    const Mark mark = mark_at(text, at);
    if ((mark.bits & kNotSymbol) != 0) break;
    at = mark.end;
  }
  return at;
}

std::size_t Splitter::digits_end(std::string_view text, const Mark& first) const {
  const int most = pattern_ == SplitPattern::llama3 ? 3 : 1;
  std::size_t end = first.end;
  for (int count = 1; count < most && end < text.size(); ++count) {
    const Mark mark = mark_at(text, end);
    if ((mark.bits & kNumber) == 0) break;
    end = mark.end;
  }
  return end;
}

/// `\s+(?!\S)|\s+`: a run leaves its last character to what follows it.
std::size_t Splitter::white_space_end(std::string_view text, std::size_t at) const {
  const std::size_t end = run_end(text, at, kSpace);
  if (end == text.size()) return end;
  const std::size_t last = start_of_last_scalar(text, end);
  return last > at ? last : end;
}

/// Up to the last line end of the run of white space at `at`; `at` when it has none.
std::size_t Splitter::line_ends_end(std::string_view text, std::size_t at) const {
  const std::size_t run = run_end(text, at, kSpace);
  const std::size_t last = text.substr(at, run - at).find_last_of("\r\n");
  return last == std::string_view::npos ? at : at + last + 1;
}

std::size_t Splitter::llama_end(std::string_view text, std::size_t at) const {
  const Mark first = mark_at(text, at);
  if ((first.bits & kLetter) != 0) return run_end(text, first.end, kLetter);
  if ((first.bits & kNumber) != 0) return digits_end(text, first);
  if (first.value == U'\'') {
    if (const std::size_t length = caseless_contraction_length(text, at)) return at + length;
  }
  const Mark second = first.end < text.size() ? mark_at(text, first.end) : Mark{U' ', kSpace, 0};
  if (!is_line_end(first.value) && (second.bits & kLetter) != 0) {
    return run_end(text, second.end, kLetter);
  }
  if ((first.bits & kSpace) == 0 || (first.value == U' ' && (second.bits & kNotSymbol) == 0)) {
    std::size_t end = symbols_end(text, first.end);
    while (end < text.size() && (text[end] == '\r' || text[end] == '\n')) ++end;
    return end;
  }
  const std::size_t lines = line_ends_end(text, at);
  return lines > at ? lines : white_space_end(text, at);
}

std::size_t Splitter::gpt2_end(std::string_view text, std::size_t at) const {
  const Mark first = mark_at(text, at);
  if (first.value == U'\'') {
    if (const std::size_t length = contraction_length(text, at)) return at + length;
  }
  const bool leads = first.value == U' ' && first.end < text.size();
  const Mark head = leads ? mark_at(text, first.end) : first;
  if ((head.bits & kLetter) != 0) return run_end(text, head.end, kLetter);
  if ((head.bits & kNumber) != 0) return run_end(text, head.end, kNumber);
  if ((head.bits & kSpace) == 0) return symbols_end(text, head.end);
  return white_space_end(text, at);
}

std::size_t Splitter::piece_end(std::string_view text, std::size_t at) const {
  return pattern_ == SplitPattern::gpt2 ? gpt2_end(text, at) : llama_end(text, at);
}

}  // namespace liquid::tokenizer
