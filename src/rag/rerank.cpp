#include "rag/rerank.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/digest.h"
#include "generate/evidence.h"

namespace liquid::rag {
namespace {

/// Shares of the new order. Any of them may be halved or doubled without losing more than one of
/// the 68 questions in tests/data.
constexpr double kScoreShare = 0.5;
constexpr double kBestPlaceShare = 0.5;
constexpr double kWholeChunkShare = 0.5;

/// Chunks that share this much of their three-word sequences say the same: documentation repeats
/// itself from module to module, and five copies of one paragraph are one piece of evidence.
constexpr double kSameText = 0.7;

using Sequences = std::unordered_set<std::uint64_t>;

Sequences word_sequences(const std::string& text, const generate::WordSplitter& splitter) {
  const std::vector<generate::Word> words = splitter.split(text);
  Sequences sequences;
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    sequences.insert(hash64(words[i].stem + ' ' + words[i + 1].stem + ' ' + words[i + 2].stem));
  }
  return sequences;
}

bool say_the_same(const Sequences& left, const Sequences& right) {
  const std::size_t smaller = std::min(left.size(), right.size());
  if (smaller == 0) return false;
  const auto shared = std::count_if(
      left.begin(), left.end(), [&](std::uint64_t sequence) { return right.contains(sequence); });
  return static_cast<double>(shared) > kSameText * static_cast<double>(smaller);
}

double worth_of(const search::Hit& hit, double best_score, const generate::Question& question,
                const generate::WordSplitter& splitter) {
  const generate::Passage passage{hit.path, hit.title, hit.section, hit.text, hit.relevance};
  const generate::ReadPassage read = generate::read_passage(passage, question, splitter);
  const double share = best_score > 0.0 ? hit.score / best_score : 0.0;
  return kScoreShare * share + kBestPlaceShare * generate::best_coverage(read, question) +
         kWholeChunkShare * generate::passage_coverage(read, question) - read.missing_names;
}

/// Passages of which only the path is known: enough to read the question with.
std::vector<generate::Passage> places_of(const std::vector<search::Hit>& hits) {
  std::vector<generate::Passage> places;
  places.reserve(hits.size());
  for (const search::Hit& hit : hits) places.push_back({hit.path, {}, {}, {}, 0.0});
  return places;
}

/// The first `keep` of the order that do not repeat an earlier one.
std::vector<search::Hit> without_repeats(std::vector<search::Hit> hits, std::size_t keep,
                                         const generate::WordSplitter& splitter) {
  std::vector<search::Hit> kept;
  std::vector<Sequences> said;
  for (search::Hit& hit : hits) {
    if (kept.size() == keep) break;
    Sequences sequences = word_sequences(hit.text, splitter);
    const bool repeats = std::any_of(said.begin(), said.end(), [&](const Sequences& earlier) {
      return say_the_same(earlier, sequences);
    });
    if (repeats) continue;
    said.push_back(std::move(sequences));
    kept.push_back(std::move(hit));
  }
  return kept;
}

}  // namespace

std::vector<search::Hit> rerank(std::vector<search::Hit> hits, const std::string& question,
                                const std::vector<generate::Prompt::Term>& terms,
                                std::size_t keep) {
  if (hits.empty()) return hits;
  const generate::WordSplitter splitter(generate::kDefaultLanguage);
  const generate::Question read =
      generate::read_question({question, places_of(hits), terms}, splitter);
  const double best_score = hits.front().score;
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    order.emplace_back(worth_of(hits[i], best_score, read, splitter), i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<search::Hit> sorted;
  sorted.reserve(hits.size());
  for (const auto& [worth, index] : order) sorted.push_back(std::move(hits[index]));
  return without_repeats(std::move(sorted), keep, splitter);
}

}  // namespace liquid::rag
