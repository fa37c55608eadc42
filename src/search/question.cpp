#include "search/question.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/unicode.h"

namespace liquid::search {
namespace {

// More words than any question has; the rest of a pasted book is not looked at.
constexpr std::size_t kMaxWords = 1024;

constexpr std::array<std::string_view, 4> kQuotes = {"\"", "\u201C", "\u201D", "\u201E"};

std::size_t quote_length(std::string_view text, std::size_t at) {
  for (const std::string_view quote : kQuotes) {
    if (text.substr(at, quote.size()) == quote) return quote.size();
  }
  return 0;
}

bool word_at(std::string_view text, std::size_t at) {
  return at < text.size() && is_word_code_point(static_cast<unsigned char>(text[at]));
}

struct Quote {
  std::size_t begin = 0;  // of the opening sign
  std::size_t text_begin = 0;
  std::size_t text_end = 0;
  std::size_t end = 0;  // behind the closing sign
};

std::optional<Quote> next_quote(std::string_view text, std::size_t from) {
  for (std::size_t open = from; open < text.size(); ++open) {
    const std::size_t opening = quote_length(text, open);
    if (opening == 0 || (open > 0 && word_at(text, open - 1))) continue;
    for (std::size_t close = open + opening; close < text.size(); ++close) {
      const std::size_t closing = quote_length(text, close);
      if (closing == 0 || word_at(text, close + closing)) continue;
      return Quote{open, open + opening, close, close + closing};
    }
    return std::nullopt;
  }
  return std::nullopt;
}

class Parser {
 public:
  Parser(std::string_view text, Analyzer& analyzer) : text_(text), analyzer_(analyzer) {}

  Question run() {
    std::size_t at = 0;
    while (const std::optional<Quote> quote = next_quote(text_, at)) {
      add_words(text_.substr(at, quote->begin - at));
      add_phrase(text_.substr(quote->text_begin, quote->text_end - quote->text_begin));
      at = quote->end;
    }
    add_words(text_.substr(at));
    return std::move(question_);
  }

 private:
  std::optional<std::size_t> add_word(std::string_view surface) {
    const std::string_view term = analyzer_.term(surface);
    if (term.empty()) return std::nullopt;
    std::vector<Question::Word>& words = question_.words;
    const auto known = std::find_if(words.begin(), words.end(),
                                    [&](const Question::Word& word) { return word.term == term; });
    if (known == words.end() && words.size() == kMaxWords) return std::nullopt;
    const auto index = static_cast<std::size_t>(known - words.begin());
    if (known == words.end()) words.push_back({std::string(term), 0});
    ++words[index].count;
    return index;
  }

  void add_words(std::string_view part) {
    for_each_token(part, [&](const Token& token) { add_word(token.surface); });
  }

  void add_phrase(std::string_view part) {
    Question::Phrase phrase;
    std::uint32_t first = 0;
    for_each_token(part, [&](const Token& token) {
      const std::optional<std::size_t> word = add_word(token.surface);
      if (!word) return;
      if (phrase.empty()) first = token.position;
      phrase.push_back({*word, token.position - first});
    });
    if (!phrase.empty()) question_.phrases.push_back(std::move(phrase));
  }

  std::string_view text_;
  Analyzer& analyzer_;
  Question question_;
};

}  // namespace

Question parse_question(std::string_view text, Analyzer& analyzer) {
  return Parser(text, analyzer).run();
}

}  // namespace liquid::search
