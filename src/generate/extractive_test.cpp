#include "generate/extractive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liquid::generate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ExtractiveTest : public testing::Test {
 protected:
  ExtractiveTest() {
    syslog = {
        "nginx/syslog.html", "Logging to syslog", "",
        "The directives support logging to syslog.\n\n"
        "The address can be a domain name. If port is not specified, the UDP port 514 is used. "
        "Names are resolved once.",
        0.8};
    limits = {"nginx/limit_req.html", "Module limit_req", "Directives > limit_req_dry_run",
              "Syntax: limit_req_dry_run on | off;\n\nDefault: limit_req_dry_run off;\n\n"
              "Enables the dry run mode. In this mode, requests processing rate is not limited.",
              0.5};
  }

  Draft ask(const std::string& question, const std::vector<std::string>& words,
            std::vector<Passage> passages) const {
    Prompt prompt{question, std::move(passages), {}};
    for (const std::string& word : words) prompt.terms.push_back({word, word, 3.0, true});
    Result<Draft> draft = generator.generate(prompt);
    EXPECT_TRUE(draft);
    return std::move(*draft);
  }

  ExtractiveGenerator generator;
  Passage syslog;
  Passage limits;
};

TEST_F(ExtractiveTest, QuotesAndCitesTheSentenceThatAnswers) {
  const Draft draft = ask("Which port does syslog use when none is specified?",
                          {"port", "syslog", "specified"}, {limits, syslog});
  EXPECT_TRUE(draft.found);
  EXPECT_THAT(draft.text, StartsWith("Logging to syslog: “"));
  EXPECT_THAT(draft.text, HasSubstr("If port is not specified, the UDP port 514 is used."));
  EXPECT_THAT(draft.text, HasSubstr("” [2]"));
  EXPECT_THAT(draft.text, Not(HasSubstr("dry run")));
  EXPECT_THAT(draft.cited, ElementsAre(1));
  EXPECT_GT(draft.support, 0.7);
}

TEST_F(ExtractiveTest, NamesTheInnermostHeading) {
  const Draft draft = ask("How is the dry run mode of rate limits enabled?",
                          {"dry", "run", "mode", "rate", "limits", "enabled"}, {limits, syslog});
  EXPECT_THAT(draft.text, StartsWith("limit_req_dry_run: “"));
  EXPECT_THAT(draft.text, HasSubstr("In this mode, requests processing rate is not limited."));
}

TEST_F(ExtractiveTest, AddsTheDefaultThatWasAskedFor) {
  const Draft draft =
      ask("Is the dry run mode for request processing enabled by default?",
          {"dry", "run", "mode", "request", "processing", "enabled", "default"}, {limits});
  EXPECT_THAT(draft.text, HasSubstr("Default: limit_req_dry_run off;"));
}

TEST_F(ExtractiveTest, AnswersBehindAQuestionInTheDocument) {
  const Passage faq{"faq.md", "FAQ", "",
                    "Can it be made highly available?\n\nYes, run two of them.", 0.9};
  const Draft draft = ask("Can it be made highly available?", {"highly", "available"}, {faq});
  EXPECT_THAT(draft.text, HasSubstr("“Yes, run two of them.”"));
}

TEST_F(ExtractiveTest, SaysThatNothingWasFound) {
  const Draft draft =
      ask("How long does sourdough ferment?", {"sourdough", "ferment"}, {syslog, limits});
  EXPECT_FALSE(draft.found);
  EXPECT_EQ(draft.text, kNothingFound);
  EXPECT_TRUE(draft.cited.empty());
  EXPECT_LT(draft.support, 0.2);
}

TEST_F(ExtractiveTest, ANameThatIsMissingEverywhereIsNotAnsweredWithSomethingElse) {
  const std::vector<std::string> words = {"port", "syslog", "specified"};
  EXPECT_TRUE(ask("Which port does syslog use if none is specified?", words, {syslog}).found);
  std::vector<std::string> with_name = words;
  with_name.emplace_back("Graylog");
  EXPECT_FALSE(ask("Which port does Graylog use if none is specified?", with_name, {syslog}).found);
}

TEST_F(ExtractiveTest, AnIdentifierMustOccurAsWritten) {
  const Passage passage{"a.md", "A", "", "The max value for connections is 12 by default.", 0.9};
  EXPECT_FALSE(ask("What is max_connections?", {"max", "connections"}, {passage}).found);
}

TEST_F(ExtractiveTest, AQuestionForANumberIsNotAnsweredWithoutOne) {
  const Passage priced{"a.md", "Plan", "", "The yearly subscription of the plan costs 20 USD.",
                       0.9};
  const Passage unpriced{"a.md", "Plan", "", "The plan is part of a subscription.", 0.9};
  const std::vector<std::string> words = {"yearly", "subscription", "plan", "cost"};
  const Draft with = ask("What does a yearly subscription of the plan cost?", words, {priced});
  const Draft without = ask("What does a yearly subscription of the plan cost?", words, {unpriced});
  EXPECT_TRUE(with.found);
  EXPECT_FALSE(without.found);
  EXPECT_LT(without.support, with.support);
}

TEST_F(ExtractiveTest, WithoutWordsOrPassagesNothingIsFound) {
  EXPECT_FALSE(ask("", {}, {syslog}).found);
  EXPECT_FALSE(ask("???", {}, {syslog}).found);
  EXPECT_FALSE(ask("Which port?", {"port"}, {}).found);
  EXPECT_FALSE(ask("Which port?", {"port"}, {{"e.md", "", "", "", 0.0}}).found);
}

TEST_F(ExtractiveTest, IsDeterministic) {
  const std::vector<std::string> words = {"port", "syslog"};
  const Draft first = ask("syslog port", words, {syslog, limits});
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(ask("syslog port", words, {syslog, limits}).text, first.text);
}

TEST_F(ExtractiveTest, QuotesStayShortHoweverLongTheTextIs) {
  Passage endless = syslog;
  for (int i = 0; i < 3000; ++i)
    endless.text += " The syslog port " + std::to_string(i) + " is open.";
  const Draft draft = ask("Which syslog port is open?", {"syslog", "port", "open"}, {endless});
  EXPECT_TRUE(draft.found);
  EXPECT_LT(draft.text.size(), 4000U);
}

TEST_F(ExtractiveTest, TextThatIsNotUtf8IsSurvived) {
  Passage broken = syslog;
  broken.text = "The port of syslog \xFF\xFE is 514. " + broken.text;
  ask("Which port has syslog?", {"port", "syslog"}, {broken});
}

TEST_F(ExtractiveTest, TheVersionFollowsTheOptions) {
  EXPECT_EQ(ExtractiveGenerator().version(), generator.version());
  EXPECT_NE(ExtractiveGenerator({.max_quotes = 1}).version(), generator.version());
  EXPECT_EQ(generator.name(), "extractive");
  EXPECT_EQ(generator.trouble(), "");
}

}  // namespace
}  // namespace liquid::generate
