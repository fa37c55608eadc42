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
/// What is left of the support when nothing of the wanted kind is in sight.
constexpr double kLackingShare = 0.6;
constexpr std::size_t kMaxQuoteBytes = 600;
constexpr std::size_t kMaxTableBytes = 500;
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

bool is_part_of_table(const Sentence& sentence) { return sentence.kind == SentenceKind::row; }

/// Rows are read with the rows around them, as far as that stays short.
Extract widen_row(const ReadPassage& passage, Extract extract) {
  const std::vector<Sentence>& all = passage.sentences;
  const auto belongs = [&](std::size_t i) {
    return is_part_of_table(all[i]) && all[i].paragraph == all[extract.first].paragraph;
  };
  const auto is_short = [&](const Extract& wider) {
    return span_of(passage, wider).size() <= kMaxTableBytes;
  };
  bool grew = true;
  while (grew) {
    grew = false;
    Extract wider = extract;
    if (wider.last + 1 < all.size() && belongs(++wider.last) && is_short(wider)) {
      extract = wider;
      grew = true;
    }
    wider = extract;
    if (wider.first > 0 && belongs(--wider.first) && is_short(wider)) {
      extract = wider;
      grew = true;
    }
  }
  return extract;
}

bool is_text(const Sentence& sentence) {
  return sentence.kind == SentenceKind::prose || sentence.kind == SentenceKind::list_item;
}

/// A short sentence, or one that points back, is read with the one before it.
bool needs_what_stands_before(const ReadPassage& passage, std::size_t at) {
  if (at == 0 || passage.sentences[at - 1].text.ends_with('?')) return false;
  const std::string_view text = passage.sentences[at].text;
  if (starts_by_pointing_back(text)) return true;
  return text.size() < kLonelyBytes && is_text(passage.sentences[at - 1]);
}

/// The next sentence belongs to it when it goes on in the same paragraph or a colon announces it.
bool goes_on(const ReadPassage& passage, std::size_t at) {
  if (at + 1 >= passage.sentences.size()) return false;
  const Sentence& next = passage.sentences[at + 1];
  const Sentence& sentence = passage.sentences[at];
  return sentence.text.ends_with(':') ||
         (next.paragraph == sentence.paragraph && next.kind == SentenceKind::prose);
}

Extract widen_prose(const ReadPassage& passage, Extract extract) {
  const auto take = [&](const Extract& wider) {
    const bool is_short = fits(passage, wider);
    if (is_short) extract = wider;
    return is_short;
  };
  if (needs_what_stands_before(passage, extract.first)) {
    take({extract.passage, extract.first - 1, extract.last});
  }
  if (!goes_on(passage, extract.last)) return extract;
  take({extract.passage, extract.first, extract.last + 1});
  if (!passage.sentences[extract.last].text.ends_with(':')) return extract;
  std::size_t next = extract.last + 1;
  const SentenceKind listed =
      next < passage.sentences.size() ? passage.sentences[next].kind : SentenceKind::prose;
  while (next < passage.sentences.size() && passage.sentences[next].kind == listed &&
         take({extract.passage, extract.first, next})) {
    if (listed == SentenceKind::prose) break;
    ++next;
  }
  return extract;
}

/// The sentence, and what it cannot be understood without.
Extract widen(const ReadPassage& passage, const SentenceScore& at) {
  const Extract extract{at.passage, at.sentence, at.sentence};
  if (is_part_of_table(passage.sentences[at.sentence])) return widen_row(passage, extract);
  return widen_prose(passage, extract);
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

/// A question in the documents stands for what follows it.
SentenceScore behind_questions(const std::vector<ReadPassage>& passages, SentenceScore at) {
  const std::vector<Sentence>& sentences = passages[at.passage].sentences;
  std::size_t next = at.sentence;
  while (next < sentences.size() && sentences[next].text.ends_with('?')) ++next;
  if (next < sentences.size()) at.sentence = next;
  return at;
}

std::vector<Extract> choose_extracts(const std::vector<SentenceScore>& scores,
                                     const std::vector<ReadPassage>& passages,
                                     std::size_t max_quotes) {
  std::vector<Extract> extracts;
  for (const SentenceScore& at : scores) {
    if (at.score < kKeepShare * scores.front().score) break;
    const Extract extract = widen(passages[at.passage], behind_questions(passages, at));
    const bool is_full = extracts.size() >= max_quotes;
    const bool joins = std::any_of(extracts.begin(), extracts.end(),
                                   [&](const Extract& known) { return touches(known, extract); });
    if (is_full && !joins) continue;
    add_or_join(extracts, extract, passages);
  }
  return extracts;
}

bool quotes_kind(const Prompt& prompt, const std::vector<ReadPassage>& passages,
                 const std::vector<Extract>& extracts, AnswerKind kind) {
  const std::size_t best = extracts.front().passage;
  return std::any_of(extracts.begin(), extracts.end(), [&](const Extract& extract) {
    return extract.passage == best &&
           offers_kind(span_of(passages[best], extract), prompt.question, kind);
  });
}

/// Adds, from the passage with the best sentence, what the question asks for and the quotes so far
/// do not hold: the "Default:" line of a directive that was quoted by its description, say.
void complete(std::vector<Extract>& extracts, const Prompt& prompt, const Question& question,
              const std::vector<ReadPassage>& passages, const std::vector<SentenceScore>& scores) {
  const std::size_t best = extracts.front().passage;
  for (const AnswerKind kind : question.kinds) {
    if (quotes_kind(prompt, passages, extracts, kind)) continue;
    const auto offer = std::find_if(scores.begin(), scores.end(), [&](const SentenceScore& at) {
      return at.passage == best &&
             offers_kind(passages[best].sentences[at.sentence].text, prompt.question, kind);
    });
    if (offer == scores.end()) continue;
    const Extract extract = widen(passages[best], *offer);
    const auto known = std::find_if(extracts.begin(), extracts.end(),
                                    [&](const Extract& other) { return touches(other, extract); });
    if (known == extracts.end()) {
      extracts.insert(extracts.begin() + 1, extract);
    } else {
      known->first = std::min(known->first, extract.first);
      known->last = std::max(known->last, extract.last);
    }
  }
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

/// True when the question wants something ("how many") that no sentence near the best offers.
bool lacks_what_is_asked(const Prompt& prompt, const Question& question,
                         const std::vector<ReadPassage>& passages,
                         const std::vector<SentenceScore>& scores) {
  const auto near_best = std::find_if(scores.begin(), scores.end(), [&](const SentenceScore& at) {
    return at.score < kKeepShare * scores.front().score;
  });
  return std::any_of(question.kinds.begin(), question.kinds.end(), [&](AnswerKind kind) {
    if (!is_indispensable(kind)) return false;
    return std::none_of(scores.begin(), near_best, [&](const SentenceScore& at) {
      const Sentence& sentence = passages[at.passage].sentences[at.sentence];
      return offers_kind(sentence.text, prompt.question, kind);
    });
  });
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
  if (scores.empty() || scores.front().score <= 0.0) return not_found(0.0);
  const SentenceScore& best = scores.front();
  double support = support_of(best, passages[best.passage], question);
  if (lacks_what_is_asked(prompt, question, passages, scores)) support *= kLackingShare;
  if (support < options_.min_support) return not_found(support);
  std::vector<Extract> extracts = choose_extracts(scores, passages, options_.max_quotes);
  complete(extracts, prompt, question, passages, scores);
  Draft draft = compose(prompt, passages, extracts);
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
