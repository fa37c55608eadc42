#include "generate/question.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "generate/common_words.h"

namespace liquid::generate {
namespace {

constexpr std::size_t kMaxTerms = 48;
/// Characters of a question that are searched for names and wording.
constexpr std::size_t kMaxReadBytes = 4096;
/// Above this idf (a word of about one chunk in a hundred) a word is simply rare.
constexpr double kRareIdf = 5.0;
/// Weight of what the index has no word for: single letters, digits.
constexpr double kLiteralIdf = 2.5;
/// A name counts at least this much of the whole question; one with marks or digits in it more,
/// because nothing else can be meant by it.
constexpr double kNameShare = 0.15;
constexpr double kExactNameShare = 0.35;

/// How much of its weight a word keeps.
double share_of(WordCharacter character) {
  switch (character) {
    case WordCharacter::function_word: return 0.0;
    case WordCharacter::vague: return 0.2;
    case WordCharacter::everyday: return 0.6;
    case WordCharacter::special: return 1.0;
  }
  return 1.0;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Blank-separated words of the question, punctuation around them cut off.
std::vector<std::string_view> spoken_words(std::string_view question) {
  constexpr std::string_view kAround = ".,;:!?\"'()[]{}<>`";
  std::vector<std::string_view> words;
  std::size_t position = 0;
  while (position < question.size()) {
    const std::size_t begin = question.find_first_not_of(" \t\r\n", position);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(question.find_first_of(" \t\r\n", begin), question.size());
    std::string_view word = question.substr(begin, end - begin);
    while (!word.empty() && kAround.find(word.front()) != std::string_view::npos) {
      word.remove_prefix(1);
    }
    while (!word.empty() && kAround.find(word.back()) != std::string_view::npos) {
      word.remove_suffix(1);
    }
    if (word.ends_with("'s")) word.remove_suffix(2);
    if (!word.empty()) words.push_back(word);
    position = end;
  }
  return words;
}

/// "max_connections", "HAProxy", "io_uring", "x509", "--flag", "$name".
bool is_shaped_like_a_name(std::string_view word) {
  if (word.find('_') != std::string_view::npos || word.front() == '$' || word.starts_with("--")) {
    return true;
  }
  if (is_digit(word.front())) return false;  // "10MB", "1x1": a measure.
  bool has_letter = false;
  bool has_digit = false;
  bool has_inner_upper = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    has_letter = has_letter || is_upper(word[i]) || is_lower(word[i]);
    has_digit = has_digit || is_digit(word[i]);
    has_inner_upper = has_inner_upper || (i > 0 && is_upper(word[i]));
  }
  return has_letter && (has_digit || has_inner_upper);
}

/// A capital letter says "name" only where a sentence does not start.
bool is_name(const std::vector<std::string_view>& words, std::size_t at) {
  if (is_shaped_like_a_name(words[at])) return true;
  if (at == 0 || words[at].size() < 2 || !is_upper(words[at][0])) return false;
  const std::string_view previous = words[at - 1];
  const char behind_previous = *(previous.data() + previous.size());
  const bool sentence_starts = behind_previous == '.' || behind_previous == '?' ||
                               behind_previous == '!' || behind_previous == ':';
  return !sentence_starts;
}

class Reader {
 public:
  Reader(const Prompt& prompt, const WordSplitter& splitter)
      : prompt_(prompt), splitter_(splitter) {}

  Question read() {
    read_terms();
    read_names();
    read_unknown_words();
    read_folders();
    const std::string_view question = std::string_view(prompt_.question).substr(0, kMaxReadBytes);
    question_.kinds = wanted_kinds(question);
    return std::move(question_);
  }

 private:
  void read_terms() {
    for (const auto& [weight, surface] : heaviest_words()) {
      for (const Word& word : splitter_.split(surface)) add_term(word.stem, weight);
    }
    read_literals();
    std::stable_sort(
        question_.terms.begin(), question_.terms.end(),
        [](const Question::Term& a, const Question::Term& b) { return a.weight > b.weight; });
    if (question_.terms.size() > kMaxTerms) question_.terms.resize(kMaxTerms);
    double total = 0.0;
    for (const Question::Term& term : question_.terms) total += term.weight;
    if (total <= 0.0) return;
    for (Question::Term& term : question_.terms) term.weight /= total;
  }

  /// More words than are kept, because some share a stem; far fewer than a long text has.
  std::vector<std::pair<double, std::string_view>> heaviest_words() const {
    std::vector<std::pair<double, std::string_view>> words;
    for (const Prompt::Term& term : prompt_.terms) {
      const double share = share_of(character_of(ascii_lower(term.surface)));
      if (share > 0.0) words.emplace_back(share * std::min(term.weight, kRareIdf), term.surface);
    }
    std::stable_sort(words.begin(), words.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    if (words.size() > 2 * kMaxTerms) words.resize(2 * kMaxTerms);
    return words;
  }

  /// "the capital M", "level 9": the index knows no words of one letter, a table may.
  void read_literals() {
    for (const std::string_view word :
         spoken_words(std::string_view(prompt_.question).substr(0, kMaxReadBytes))) {
      const bool is_letter = word.size() == 1 && is_upper(word[0]) && word != "I" && word != "A";
      const bool is_number = word.find_first_not_of("0123456789") == std::string_view::npos;
      if (is_letter || is_number) add_term(splitter_.stem(word), kLiteralIdf);
    }
  }

  void add_term(const std::string& stem, double weight) {
    const auto same = std::find_if(question_.terms.begin(), question_.terms.end(),
                                   [&](const Question::Term& term) { return term.stem == stem; });
    if (same == question_.terms.end()) question_.terms.push_back({stem, weight});
  }

  void read_names() {
    const std::vector<std::string_view> words =
        spoken_words(std::string_view(prompt_.question).substr(0, kMaxReadBytes));
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (is_name(words, i)) add_name(words[i]);
    }
  }

  /// A special word that the documents never use is as telling as a name.
  void read_unknown_words() {
    constexpr std::size_t kShortest = 3;
    const std::size_t count = std::min(prompt_.terms.size(), 2 * kMaxTerms);
    for (std::size_t i = 0; i < count; ++i) {
      const Prompt::Term& term = prompt_.terms[i];
      const std::string lowered = ascii_lower(term.surface);
      const bool is_special = character_of(lowered) == WordCharacter::special;
      if (term.known || !is_special || lowered.size() < kShortest) continue;
      if (!is_digit(lowered.front())) add_name(term.surface);
    }
  }

  /// A word that names a folder of the documents ("nginx/…") asks for what stands there.
  void read_folders() {
    for (const Passage& passage : prompt_.passages) {
      const std::string_view folder = top_folder(passage.path);
      const std::vector<Word> words = splitter_.split(folder);
      if (words.size() != 1 || weight_of(words[0].stem) <= 0.0) continue;
      question_.folders.emplace(folder);
    }
  }

  void add_name(std::string_view word) {
    const std::string lowered = ascii_lower(word);
    for (const Question::Name& known : question_.names) {
      if (known.text.find(lowered) != std::string::npos) return;
    }
    Question::Name name{lowered, {}, 0.0};
    for (const Word& part : splitter_.split(word)) {
      name.weight += weight_of(part.stem);
      name.stems.push_back(part.stem);
    }
    if (name.weight <= 0.0) return;
    const bool is_exact = name.text.find_first_of("_/$0123456789") != std::string::npos;
    name.weight = std::max(name.weight, is_exact ? kExactNameShare : kNameShare);
    question_.names.push_back(std::move(name));
  }

  double weight_of(const std::string& stem) const {
    for (const Question::Term& term : question_.terms) {
      if (term.stem == stem) return term.weight;
    }
    return 0.0;
  }

  const Prompt& prompt_;
  const WordSplitter& splitter_;
  Question question_;
};

}  // namespace

std::string_view top_folder(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

Question read_question(const Prompt& prompt, const WordSplitter& splitter) {
  return Reader(prompt, splitter).read();
}

}  // namespace liquid::generate
