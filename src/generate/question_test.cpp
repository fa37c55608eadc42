#include "generate/question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generate/common_words.h"

namespace liquid::generate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class QuestionTest : public testing::Test {
 protected:
  Question read(const std::string& text, std::vector<Prompt::Term> terms) const {
    return read_question({text, {}, std::move(terms)}, splitter);
  }
  static double weight_of(const Question& question, const std::string& stem) {
    for (const Question::Term& term : question.terms) {
      if (term.stem == stem) return term.weight;
    }
    return 0.0;
  }
  static std::vector<std::string> names_of(const Question& question) {
    std::vector<std::string> names;
    for (const Question::Name& name : question.names) names.push_back(name.text);
    return names;
  }

  WordSplitter splitter{kDefaultLanguage};
};

TEST_F(QuestionTest, WeightsAddUpToOne) {
  const Question question = read("slow gossip library", {{"slow", "slow", 3.0, true},
                                                         {"gossip", "gossip", 5.0, true},
                                                         {"library", "librari", 4.0, true}});
  double total = 0.0;
  for (const Question::Term& term : question.terms) total += term.weight;
  EXPECT_NEAR(total, 1.0, 1e-9);
  EXPECT_GT(weight_of(question, "gossip"), weight_of(question, "slow"));
}

TEST_F(QuestionTest, OrdinaryWordsWeighLessThanSpecialOnes) {
  const Question question = read("how anybody drops brotli", {{"how", "how", 4.0, true},
                                                              {"anybody", "anybodi", 4.0, true},
                                                              {"dropped", "drop", 4.0, true},
                                                              {"brotli", "brotli", 4.0, true}});
  EXPECT_EQ(weight_of(question, "how"), 0.0);
  EXPECT_LT(weight_of(question, "anybodi"), weight_of(question, "drop"));
  EXPECT_LT(weight_of(question, "drop"), weight_of(question, splitter.stem("brotli")));
}

TEST_F(QuestionTest, FindsNamesByTheirShape) {
  const Question question =
      read("Does HAProxy know max_connections on NFS?", {{"HAProxy", "haproxi", 4.0, true},
                                                         {"max", "max", 3.0, true},
                                                         {"connections", "connect", 2.0, true},
                                                         {"NFS", "nfs", 4.0, true}});
  EXPECT_THAT(names_of(question), ElementsAre("haproxy", "max_connections", "nfs"));
}

TEST_F(QuestionTest, ACapitalAtTheStartOfASentenceIsNoName) {
  const std::vector<Prompt::Term> terms = {{"backend", "backend", 3.0, true},
                                           {"redis", "redi", 5.0, true}};
  EXPECT_THAT(names_of(read("Backend dropped. Redis too?", terms)), IsEmpty());
  EXPECT_THAT(names_of(read("How does Redis do it?", terms)), ElementsAre("redis"));
}

TEST_F(QuestionTest, ASpecialWordThatNoDocumentKnowsIsTreatedAsAName) {
  const Question question = read("set brotli and anybody", {{"brotli", "brotli", 9.0, false},
                                                            {"anybody", "anybodi", 9.0, false}});
  EXPECT_THAT(names_of(question), ElementsAre("brotli"));
}

TEST_F(QuestionTest, SingleCapitalsAndNumbersAreLookedForToo) {
  const Question question =
      read("What does the suffix M mean for I 11?", {{"suffix", "suffix", 4.0, true}});
  EXPECT_GT(weight_of(question, "m"), 0.0);
  EXPECT_GT(weight_of(question, "11"), 0.0);
  EXPECT_EQ(weight_of(question, "i"), 0.0);
}

TEST_F(QuestionTest, HasBoundedWork) {
  std::vector<Prompt::Term> terms;
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    const std::string word = "word" + std::to_string(i);
    terms.push_back({word, word, 0.0005 * i, true});
    text += word + " ";
  }
  const Question question = read(text, terms);
  EXPECT_LE(question.terms.size(), 64U);
  EXPECT_GT(weight_of(question, "word4999"), 0.0);
}

TEST_F(QuestionTest, NothingIsAskedByNothing) {
  const Question question = read("", {});
  EXPECT_TRUE(question.terms.empty());
  EXPECT_TRUE(question.names.empty());
  EXPECT_TRUE(question.kinds.empty());
}

TEST(CommonWords, AreTold) {
  EXPECT_EQ(character_of("which"), WordCharacter::function_word);
  EXPECT_EQ(character_of("anybody"), WordCharacter::vague);
  EXPECT_EQ(character_of("silent"), WordCharacter::everyday);
  EXPECT_EQ(character_of("nginx"), WordCharacter::special);
  EXPECT_EQ(character_of(""), WordCharacter::special);
}

TEST(WordSplitter, SplitsAndStemsIdentifiersAndForeignWords) {
  const WordSplitter splitter(kDefaultLanguage);
  std::vector<std::string> stems;
  for (const Word& word : splitter.split("limit_req_status Größen, HTTP/2"))
    stems.push_back(word.stem);
  EXPECT_THAT(stems, ElementsAre("limit", "req", "status", "grössen", "http", "2"));
}

TEST(WordSplitter, WithAnUnknownLanguageWordsStayWhole) {
  const WordSplitter splitter("klingon");
  EXPECT_EQ(splitter.stem("Connections"), "connections");
}

}  // namespace
}  // namespace liquid::generate
