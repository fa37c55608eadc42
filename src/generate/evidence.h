#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "generate/generator.h"
#include "generate/question.h"
#include "generate/sentences.h"

namespace liquid::generate {

/// Bit i: term i of the question occurs.
using TermMask = std::uint64_t;

/// A passage read with a question in mind. Views the prompt.
struct ReadPassage {
  std::vector<Sentence> sentences;
  std::vector<TermMask> masks;  ///< Per sentence.
  TermMask title = 0;
  TermMask section = 0;
  TermMask whole = 0;          ///< Anywhere in title, section or text.
  double missing_names = 0.0;  ///< Weight of the question's names that occur nowhere in it.
};

/// How well one sentence, in its place, answers the question.
struct SentenceScore {
  std::size_t passage = 0;
  std::size_t sentence = 0;
  double coverage =
      0.0;             ///< 0..1: share of the question's weight said here or implied by the place.
  double score = 0.0;  ///< Coverage, corrected by what the question asks for; for ordering.
};

ReadPassage read_passage(const Passage& passage, const Question& question,
                         const WordSplitter& splitter);

/// Every sentence of the passages that shares a term with the question, best first; ties by
/// position.
std::vector<SentenceScore> score_sentences(const Prompt& prompt, const Question& question,
                                           const std::vector<ReadPassage>& passages);

/// Coverage of the passage's best sentence, 0 when none shares a word with the question.
double best_coverage(const ReadPassage& passage, const Question& question);

/// Share of the question's weight that occurs anywhere in the passage, minus what its missing names
/// cost; 0..1.
double passage_coverage(const ReadPassage& passage, const Question& question);

}  // namespace liquid::generate
