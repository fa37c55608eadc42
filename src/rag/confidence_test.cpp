#include "rag/confidence.h"

#include <gtest/gtest.h>

namespace liquid::rag {
namespace {

generate::Prompt prompt_with(double relevance) {
  generate::Prompt prompt;
  prompt.passages.push_back({"a.md", "A", "", "text", relevance});
  prompt.terms = {{"known", "known", 2.0, true}, {"unknown", "unknown", 2.0, false}};
  return prompt;
}

generate::Draft draft_with(double support, bool found) {
  generate::Draft draft;
  draft.support = support;
  draft.found = found;
  return draft;
}

TEST(Confidence, IsZeroWithoutEvidenceOrWords) {
  EXPECT_EQ(confidence({}, draft_with(1.0, true)), 0.0);
  generate::Prompt no_words = prompt_with(1.0);
  no_words.terms.clear();
  EXPECT_EQ(confidence(no_words, draft_with(0.0, false)), 0.0);
}

TEST(Confidence, WhatWasNotFoundStaysBelowWhatWasFound) {
  const double best_not_found = confidence(prompt_with(1.0), draft_with(1.0, false));
  const double worst_found = confidence(prompt_with(0.0), draft_with(0.0, true));
  EXPECT_LT(best_not_found, worst_found);
}

TEST(Confidence, GrowsWithSupportRelevanceAndKnownWords) {
  const double middle = confidence(prompt_with(0.5), draft_with(0.5, true));
  EXPECT_GT(confidence(prompt_with(0.5), draft_with(0.9, true)), middle);
  EXPECT_GT(confidence(prompt_with(0.9), draft_with(0.5, true)), middle);
  generate::Prompt all_known = prompt_with(0.5);
  all_known.terms[1].known = true;
  EXPECT_GT(confidence(all_known, draft_with(0.5, true)), middle);
}

TEST(Confidence, StaysBetweenZeroAndOne) {
  generate::Prompt prompt = prompt_with(7.0);
  prompt.terms[1].known = true;
  EXPECT_LE(confidence(prompt, draft_with(3.0, true)), 1.0);
  EXPECT_GE(confidence(prompt_with(-1.0), draft_with(-1.0, false)), 0.0);
}

}  // namespace
}  // namespace liquid::rag
