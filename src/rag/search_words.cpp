#include "rag/search_words.h"

#include <algorithm>
#include <string_view>

#include "generate/common_words.h"
#include "generate/words.h"

namespace liquid::rag {
namespace {

/// A question is a few sentences; beyond this the time to search would be the caller's to choose.
constexpr std::size_t kMaxBytes = 8192;

std::string_view cut(std::string_view question) {
  if (question.size() <= kMaxBytes) return question;
  std::size_t end = kMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(question[end]) & 0xC0U) == 0x80U) --end;
  return question.substr(0, end);
}

bool is_function_word(std::string_view token) {
  constexpr std::string_view kAround = ".,;:!?()[]{}";
  while (!token.empty() && kAround.find(token.front()) != std::string_view::npos) {
    token.remove_prefix(1);
  }
  while (!token.empty() && kAround.find(token.back()) != std::string_view::npos) {
    token.remove_suffix(1);
  }
  if (token.empty()) return false;
  return generate::character_of(generate::ascii_lower(token)) ==
         generate::WordCharacter::function_word;
}

}  // namespace

std::string search_words(const std::string& question) {
  const std::string_view text = cut(question);
  std::string kept;
  bool in_phrase = false;
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n", position);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    const std::string_view token = text.substr(begin, end - begin);
    const auto marks = std::count(token.begin(), token.end(), '"');
    if (in_phrase || marks > 0 || !is_function_word(token)) {
      if (!kept.empty()) kept += ' ';
      kept += token;
    }
    if (marks % 2 != 0) in_phrase = !in_phrase;
    position = end;
  }
  return kept.empty() ? std::string(text) : kept;
}

}  // namespace liquid::rag
