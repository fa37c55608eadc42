#include "search/analyzer.h"

#include <gmock/gmock.h>

namespace liquid::search {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> surfaces(std::string_view text) {
  std::vector<std::string> found;
  for_each_token(text, [&](const Token& token) { found.emplace_back(token.surface); });
  return found;
}

std::vector<std::string> terms(std::string_view language, std::string_view text) {
  Result<Analyzer> analyzer = Analyzer::create(language);
  EXPECT_TRUE(analyzer) << analyzer.error().message;
  std::vector<std::string> found;
  for_each_token(text, [&](const Token& token) {
    const std::string_view term = analyzer->term(token.surface);
    if (!term.empty()) found.emplace_back(term);
  });
  return found;
}

TEST(Analyzer, SplitsIdentifiersAtEverythingThatIsNoWordCharacter) {
  EXPECT_THAT(surfaces("limit_req_dry_run"), ElementsAre("limit", "req", "dry", "run"));
  EXPECT_THAT(surfaces("a.b-C/D:42"), ElementsAre("a", "b", "c", "d", "42"));
  EXPECT_THAT(surfaces("  ...  "), IsEmpty());
  EXPECT_THAT(surfaces("10.5MB"), ElementsAre("10", "5mb"));
}

TEST(Analyzer, FoldsCaseWidthAndComposition) {
  EXPECT_THAT(surfaces("ÄRGER Straße"), ElementsAre("ärger", "strasse"));
  EXPECT_THAT(surfaces("ｆｕｌｌ ﬁsh"), ElementsAre("full", "fish"));
  EXPECT_THAT(surfaces("Cafe\u0301"), ElementsAre("café"));
  EXPECT_THAT(surfaces("co\u00ADoperate"), ElementsAre("cooperate"));
  EXPECT_THAT(surfaces("ПРИВЕТ"), ElementsAre("привет"));
}

TEST(Analyzer, CutsScriptsWithoutSpacesIntoPairs) {
  EXPECT_THAT(surfaces("全文検索"), ElementsAre("全文", "文検", "検索"));
  EXPECT_THAT(surfaces("漢 ok"), ElementsAre("漢", "ok"));
  EXPECT_THAT(surfaces("日本go"), ElementsAre("日本", "go"));
}

TEST(Analyzer, BytesThatAreNotUtf8EndAWord) {
  EXPECT_THAT(surfaces("one\xFFtwo \xC3"), ElementsAre("one", "two"));
}

TEST(Analyzer, KnowsWhereATokenStood) {
  std::vector<Token> tokens;
  for_each_token("So, Übung", [&](const Token& token) { tokens.push_back(token); });
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[1].position, 1U);
  EXPECT_EQ(tokens[1].begin, 4U);
  EXPECT_EQ(tokens[1].end, 10U);
}

TEST(Analyzer, CutsEndlessWordsAtACharacter) {
  std::string endless;
  for (int i = 0; i < 200; ++i) endless += "ü";
  const std::vector<std::string> found = surfaces(endless);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].size(), 120U);
}

TEST(Analyzer, StemsAndDropsStopWordsAndSingleLetters) {
  EXPECT_THAT(terms("english", "The connections of a server were Connected"),
              ElementsAre("connect", "server", "were", "connect"));
  EXPECT_THAT(terms("german", "Die Verbindungen und der Ärger"), ElementsAre("verbind", "arg"));
  EXPECT_THAT(terms("none", "The connections"), ElementsAre("the", "connections"));
}

TEST(Analyzer, AnUnknownLanguageNamesTheKnownOnes) {
  const Result<Analyzer> analyzer = Analyzer::create("English");
  ASSERT_FALSE(analyzer);
  EXPECT_EQ(analyzer.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(analyzer.error().message, HasSubstr("english"));
  EXPECT_THAT(languages(), Contains("swedish"));
}

TEST(Analyzer, EveryLanguageCanBeUsed) {
  for (const std::string& language : languages()) {
    EXPECT_THAT(terms(language, "xylophone"), ::testing::SizeIs(1)) << language;
  }
}

TEST(Analyzer, EveryStopWordIsOneFoldedToken) {
  for (const std::string& language : languages()) {
    for (const std::string_view word : stop_words(language)) {
      EXPECT_THAT(surfaces(word), ElementsAre(std::string(word))) << language;
    }
  }
  EXPECT_EQ(stop_words("english").size(), 33U);
}

}  // namespace
}  // namespace liquid::search
