#include "rag/expansion.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace liquid::rag {
namespace {

constexpr std::size_t kFeedbackHits = 3;
constexpr std::size_t kAddedWords = 6;
/// A word of one letter or a bare number says nothing about a subject.
constexpr std::size_t kShortestWord = 3;

struct WeighedWord {
  std::string surface;
  std::string term;
  double weight = 0.0;
};

bool is_subject_word(const search::ChunkIndex::TermWeight& word) {
  if (word.stop_word || !word.known || word.surface.size() < kShortestWord) return false;
  return std::any_of(word.surface.begin(), word.surface.end(),
                     [](char c) { return c < '0' || c > '9'; });
}

std::set<std::string> terms_of(const std::string& question, const search::ChunkIndex& index) {
  std::set<std::string> terms;
  for (const auto& word : index.term_weights(question)) terms.insert(word.term);
  return terms;
}

std::vector<WeighedWord> weigh_words(const std::vector<search::Hit>& hits,
                                     const search::ChunkIndex& index) {
  std::unordered_map<std::string, WeighedWord> words;
  for (std::size_t i = 0; i < std::min(hits.size(), kFeedbackHits); ++i) {
    const auto found = index.term_weights(hits[i].text);
    if (found.empty()) continue;
    const double share = hits[i].score / hits.front().score / static_cast<double>(found.size());
    for (const auto& word : found) {
      if (!is_subject_word(word)) continue;
      WeighedWord& known =
          words.try_emplace(word.term, WeighedWord{word.surface, word.term, 0.0}).first->second;
      known.weight += share * word.idf;
    }
  }
  std::vector<WeighedWord> sorted;
  sorted.reserve(words.size());
  for (auto& [term, word] : words) sorted.push_back(std::move(word));
  std::sort(sorted.begin(), sorted.end(), [](const WeighedWord& a, const WeighedWord& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.term < b.term;
  });
  return sorted;
}

}  // namespace

std::string expand_question(const std::string& question, const std::vector<search::Hit>& hits,
                            const search::ChunkIndex& index) {
  if (hits.empty() || hits.front().score <= 0.0) return question;
  const std::set<std::string> asked = terms_of(question, index);
  std::string expanded = question;
  std::size_t added = 0;
  for (const WeighedWord& word : weigh_words(hits, index)) {
    if (added == kAddedWords) break;
    if (asked.contains(word.term)) continue;
    expanded += ' ';
    expanded += word.surface;
    ++added;
  }
  return expanded;
}

}  // namespace liquid::rag
