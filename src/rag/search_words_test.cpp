#include "rag/search_words.h"

#include <gtest/gtest.h>

#include "base/unicode.h"

namespace liquid::rag {
namespace {

TEST(SearchWords, LeavesOutWhatHoldsTheSentenceTogether) {
  EXPECT_EQ(search_words("Which port does nginx use, and why?"), "port nginx use,");
  EXPECT_EQ(search_words("(How) can I reload?"), "reload?");
}

TEST(SearchWords, KeepsPhrasesAsTheyAre) {
  EXPECT_EQ(search_words("where is \"to be or not\" said"), "\"to be or not\" said");
  EXPECT_EQ(search_words("is \"open"), "\"open");
}

TEST(SearchWords, KeepsQuestionsOfSuchWordsOnly) {
  EXPECT_EQ(search_words("who is who"), "who is who");
  EXPECT_EQ(search_words(""), "");
  EXPECT_EQ(search_words("  "), "  ");
}

TEST(SearchWords, LeavesOtherLanguagesAlone) {
  EXPECT_EQ(search_words("Welcher Port wird benutzt?"), "Welcher Port wird benutzt?");
}

TEST(SearchWords, CutsVeryLongQuestionsAtACodePoint) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "ä";
  const std::string words = search_words(text);
  EXPECT_LE(words.size(), 8U * 1024U);
  EXPECT_GT(words.size(), 8000U);
  EXPECT_TRUE(is_valid_utf8(words));
}

}  // namespace
}  // namespace liquid::rag
