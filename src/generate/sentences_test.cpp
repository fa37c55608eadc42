#include "generate/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace liquid::generate {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(std::string_view text) {
  std::vector<std::string> pieces;
  for (const Sentence& sentence : split_sentences(text)) pieces.emplace_back(sentence.text);
  return pieces;
}

std::vector<SentenceKind> kinds(std::string_view text) {
  std::vector<SentenceKind> found;
  for (const Sentence& sentence : split_sentences(text)) found.push_back(sentence.kind);
  return found;
}

TEST(Sentences, EndAtStopsQuestionAndExclamationMarks) {
  EXPECT_THAT(texts("One. Two! Three? Four"), ElementsAre("One.", "Two!", "Three?", "Four"));
}

TEST(Sentences, KeepAbbreviationsNumbersAndNamesWhole) {
  EXPECT_THAT(texts("Use a proxy, e.g. Squid. Version 1.25.0 is out. See nginx.conf. It ends."),
              ElementsAre("Use a proxy, e.g. Squid.", "Version 1.25.0 is out.", "See nginx.conf.",
                          "It ends."));
}

TEST(Sentences, KeepAClosingQuoteOrBracket) {
  EXPECT_THAT(texts("He said \"stop.\" (It stopped.) Then."),
              ElementsAre("He said \"stop.\"", "(It stopped.)", "Then."));
}

TEST(Sentences, GoOnOverLineBreaksButNotOverBlankLines) {
  EXPECT_THAT(texts("One\ntwo\nthree. Four\n\nfive"),
              ElementsAre("One\ntwo\nthree.", "Four", "five"));
}

TEST(Sentences, ListItemsStandAloneAndGoOnWhereIndented) {
  EXPECT_THAT(texts("- one\n- two\n  goes on. And on.\n3. three"),
              ElementsAre("- one", "- two\n  goes on.", "And on.", "3. three"));
  EXPECT_THAT(kinds("* one\n1) two"),
              ElementsAre(SentenceKind::list_item, SentenceKind::list_item));
}

TEST(Sentences, RowsAndLabelsStandAlone) {
  EXPECT_THAT(texts("name | value\nport | 514"), ElementsAre("name | value", "port | 514"));
  EXPECT_THAT(texts("Syntax: listen port;\nDefault: listen 80;"),
              ElementsAre("Syntax: listen port;", "Default: listen 80;"));
  EXPECT_THAT(kinds("a | b"), ElementsAre(SentenceKind::row));
}

TEST(Sentences, ACommentBelongsToTheLineItExplains) {
  EXPECT_THAT(texts("# How often.\n# By default.\n[ interval: 1m ]\nserver {\n}"),
              ElementsAre("# How often.\n# By default.\n[ interval: 1m ]", "server {", "}"));
}

TEST(Sentences, WideStopsNeedNoBlank) {
  EXPECT_THAT(texts("それは一。それは二！"), ElementsAre("それは一。", "それは二！"));
}

TEST(Sentences, ParagraphsAreNumbered) {
  const std::vector<Sentence> sentences = split_sentences("One. Two.\n\nThree.");
  ASSERT_EQ(sentences.size(), 3U);
  EXPECT_EQ(sentences[0].paragraph, sentences[1].paragraph);
  EXPECT_NE(sentences[1].paragraph, sentences[2].paragraph);
}

TEST(Sentences, NothingComesFromNothing) {
  EXPECT_TRUE(split_sentences("").empty());
  EXPECT_TRUE(split_sentences(" \n\n \t\n").empty());
}

TEST(Sentences, OddBytesDoNotHurt) {
  EXPECT_EQ(texts(std::string_view("a\0b. C", 6)).size(), 2U);
  EXPECT_FALSE(texts("\xFF\xFE. \x80").empty());
  EXPECT_FALSE(texts(std::string(100'000, '.')).empty());
}

}  // namespace
}  // namespace liquid::generate
