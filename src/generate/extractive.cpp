#include "generate/extractive.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/unicode.h"
#include "generate/evidence.h"

namespace liquid::generate {
namespace {

/// Raise when the same passages may give another answer than before.
constexpr std::uint64_t kAlgorithmVersion = 1;

/// A further quote must be this close to the best one.
constexpr double kKeepShare = 0.72;
constexpr std::size_t kMaxQuoteBytes = 900;
/// Sentences shorter than this are quoted with what stands before them.
constexpr std::size_t kLonelyBytes = 60;

/// Neighbouring sentences of one passage, quoted together: [first, last].
struct Extract {
  std::size_t passage = 0;
  std::size_t first = 0;
  std::size_t last = 0;
};

bool starts_by_pointing_back(std::string_view sentence) {
  static constexpr std::string_view kPointers[] = {
      "This ",    "That ",    "These ", "Those ",    "It ",  "They ",     "Such ",
      "In this ", "In that ", "Here",   "Otherwise", "Thus", "Therefore", "However"};
  return std::any_of(std::begin(kPointers), std::end(kPointers),
                     [&](std::string_view pointer) { return sentence.starts_with(pointer); });
}

std::string_view span_of(const ReadPassage& passage, const Extract& extract) {
  const std::string_view first = passage.sentences[extract.first].text;
  const std::string_view last = passage.sentences[extract.last].text;
  return {first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data())};
}

bool fits(const ReadPassage& passage, const Extract& extract) {
  return span_of(passage, extract).size() <= kMaxQuoteBytes;
}

/// The sentence, and what it cannot be understood without.
Extract widen(const ReadPassage& passage, const SentenceScore& at) {
  Extract extract{at.passage, at.sentence, at.sentence};
  const std::string_view text = passage.sentences[at.sentence].text;
  if (at.sentence > 0 && (starts_by_pointing_back(text) || text.size() < kLonelyBytes)) {
    const Extract wider{at.passage, at.sentence - 1, at.sentence};
    if (fits(passage, wider)) extract = wider;
  }
  const std::size_t next = extract.last + 1;
  if (next < passage.sentences.size()) {
    const Extract wider{at.passage, extract.first, next};
    const bool belongs =
        passage.sentences[next].paragraph == passage.sentences[extract.last].paragraph ||
        text.ends_with(':');
    if (belongs && fits(passage, wider)) extract = wider;
  }
  return extract;
}

bool touches(const Extract& left, const Extract& right) {
  return left.passage == right.passage && left.first <= right.last + 1 &&
         right.first <= left.last + 1;
}

/// Adds the extract, or lets one that it touches grow. False when nothing new was added.
bool add_or_join(std::vector<Extract>& extracts, const Extract& extract,
                 const std::vector<ReadPassage>& passages) {
  for (Extract& known : extracts) {
    if (!touches(known, extract)) continue;
    const Extract joined{known.passage, std::min(known.first, extract.first),
                         std::max(known.last, extract.last)};
    if (fits(passages[known.passage], joined)) known = joined;
    return false;
  }
  extracts.push_back(extract);
  return true;
}

std::vector<Extract> choose_extracts(const std::vector<SentenceScore>& scores,
                                     const std::vector<ReadPassage>& passages,
                                     std::size_t max_quotes) {
  std::vector<Extract> extracts;
  for (const SentenceScore& at : scores) {
    if (at.score < kKeepShare * scores.front().score) break;
    const Extract extract = widen(passages[at.passage], at);
    const bool is_full = extracts.size() >= max_quotes;
    const bool joins = std::any_of(extracts.begin(), extracts.end(),
                                   [&](const Extract& known) { return touches(known, extract); });
    if (is_full && !joins) continue;
    add_or_join(extracts, extract, passages);
  }
  return extracts;
}

/// Innermost heading above the passage; the title where there is none.
std::string_view heading_of(const Passage& passage) {
  if (passage.section.empty()) return passage.title;
  const std::size_t last = passage.section.rfind(" > ");
  return std::string_view(passage.section).substr(last == std::string::npos ? 0 : last + 3);
}

std::string quote(const Passage& passage, std::string_view text, std::size_t number) {
  const std::string folded = is_valid_utf8(text) ? fold_white_space(text) : std::string(text);
  std::string line(heading_of(passage));
  if (!line.empty()) line += ": ";
  return line + "\u201C" + folded + "\u201D [" + std::to_string(number) + "]";
}

Draft not_found(double support) {
  Draft draft;
  draft.text = kNothingFound;
  draft.support = support;
  return draft;
}

Draft compose(const Prompt& prompt, const std::vector<ReadPassage>& passages,
              const std::vector<Extract>& extracts) {
  Draft draft;
  draft.found = true;
  for (const Extract& extract : extracts) {
    if (!draft.text.empty()) draft.text += "\n\n";
    const Passage& passage = prompt.passages[extract.passage];
    draft.text += quote(passage, span_of(passages[extract.passage], extract), extract.passage + 1);
    if (std::find(draft.cited.begin(), draft.cited.end(), extract.passage) == draft.cited.end()) {
      draft.cited.push_back(extract.passage);
    }
  }
  return draft;
}

/// How sure it is that the passage with the best sentence speaks of what was asked.
double support_of(const SentenceScore& best, const ReadPassage& passage, const Question& question) {
  return std::clamp(
      0.5 * best.coverage + 0.5 * passage_coverage(passage, question) - 0.5 * passage.missing_names,
      0.0, 1.0);
}

}  // namespace

ExtractiveGenerator::ExtractiveGenerator(ExtractiveOptions options)
    : options_(std::move(options)) {}

Result<Draft> ExtractiveGenerator::generate(const Prompt& prompt) const {
  const WordSplitter splitter(options_.language);
  const Question question = read_question(prompt, splitter);
  std::vector<ReadPassage> passages;
  for (const Passage& passage : prompt.passages) {
    passages.push_back(read_passage(passage, question, splitter));
  }
  const std::vector<SentenceScore> scores = score_sentences(prompt, question, passages);
  if (scores.empty()) return not_found(0.0);
  const SentenceScore& best = scores.front();
  const double support = support_of(best, passages[best.passage], question);
  if (support < options_.min_support) return not_found(support);
  Draft draft = compose(prompt, passages, choose_extracts(scores, passages, options_.max_quotes));
  draft.support = support;
  return draft;
}

Digest ExtractiveGenerator::version() const {
  return DigestBuilder()
      .field("extractive")
      .field(kAlgorithmVersion)
      .field(options_.language)
      .field(std::uint64_t{options_.max_quotes})
      .field(std::to_string(options_.min_support))
      .finish();
}

}  // namespace liquid::generate
