#include "tokenizer/splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace liquid::tokenizer {
namespace {

using testing::ElementsAre;

std::vector<std::string> cut(SplitPattern pattern, std::string_view text) {
  const Splitter splitter(pattern);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = splitter.piece_end(text, at);
    pieces.emplace_back(text.substr(at, end - at));
    if (end <= at) break;
    at = end;
  }
  return pieces;
}

std::vector<std::string> llama(std::string_view text) { return cut(SplitPattern::llama3, text); }
std::vector<std::string> gpt2(std::string_view text) { return cut(SplitPattern::gpt2, text); }

TEST(Splitter, KnowsItsPatternsByTheirText) {
  for (const auto pattern : {SplitPattern::llama3, SplitPattern::qwen2, SplitPattern::gpt2}) {
    EXPECT_EQ(pattern_of(regex_of(pattern)), pattern);
  }
  EXPECT_EQ(pattern_of(R"(\p{L}+)"), std::nullopt);
}

TEST(Splitter, TakesContractionsInAnyCase) {
  EXPECT_THAT(llama("we'LL it'S"), ElementsAre("we", "'LL", " it", "'S"));
  EXPECT_THAT(llama("'lx'rex"), ElementsAre("'lx", "'re", "x"));
  EXPECT_THAT(llama("'\u017Fa"), ElementsAre("'\u017F", "a")) << "the long s folds to s";
  EXPECT_THAT(llama("a'"), ElementsAre("a", "'"));
  EXPECT_THAT(gpt2("it's it'S"), ElementsAre("it", "'s", " it", "'", "S"));
}

TEST(Splitter, OneCharacterMayLeadAWord) {
  EXPECT_THAT(llama("_a-b\u00A0c"), ElementsAre("_a", "-b", "\u00A0c"));
  EXPECT_THAT(llama("\na\tb"), ElementsAre("\n", "a", "\tb"));
  EXPECT_THAT(llama("1a"), ElementsAre("1", "a"));
  EXPECT_THAT(gpt2("_a b"), ElementsAre("_", "a", " b"));
}

TEST(Splitter, GroupsDigitsByPattern) {
  EXPECT_THAT(llama("1234567 8"), ElementsAre("123", "456", "7", " ", "8"));
  EXPECT_THAT(llama("\u0663\u00B2\u2167x"), ElementsAre("\u0663\u00B2\u2167", "x"));
  EXPECT_THAT(cut(SplitPattern::qwen2, "12"), ElementsAre("1", "2"));
  EXPECT_THAT(gpt2(" 1234"), ElementsAre(" 1234"));
}

TEST(Splitter, SymbolsTakeTheLineEndsBehindThem) {
  EXPECT_THAT(llama(" ...!\r\n\nx"), ElementsAre(" ...!\r\n\n", "x"));
  EXPECT_THAT(gpt2("...\nx"), ElementsAre("...", "\n", "x"));
}

TEST(Splitter, WhiteSpaceLeavesItsLastCharacter) {
  EXPECT_THAT(llama("a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(llama("a   "), ElementsAre("a", "   "));
  EXPECT_THAT(llama("a \u3000\u3000 1"), ElementsAre("a", " \u3000\u3000", " ", "1"));
  EXPECT_THAT(llama(" \n \n  b"), ElementsAre(" \n \n", " ", " b"));
  EXPECT_THAT(llama("\u3000\u30001"), ElementsAre("\u3000", "\u3000", "1"));
  EXPECT_THAT(gpt2(" \n \n  b"), ElementsAre(" \n \n ", " b"));
}

}  // namespace
}  // namespace liquid::tokenizer
