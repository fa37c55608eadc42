#include "generate/openai.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace liquid::generate {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kKey = "sk-secret-42";

http::ClientResponse reply(int status, std::string body) {
  http::ClientResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

http::ClientResponse says(const std::string& text) {
  return reply(200, R"({"choices":[{"message":{"content":")" + text + R"("}}]})");
}

class OpenAiTest : public testing::Test {
 protected:
  OpenAiTest() {
    options.base_url = "http://model.test/v1/";
    options.api_key = kKey;
    options.chat.model = "small";
    options.retry = {
        .max_attempts = 3, .first_delay = milliseconds(100), .max_delay = milliseconds(2000)};
    options.circuit = {.failures_to_open = 3, .open_for = milliseconds(10'000)};
    prompt.question = "Which port?";
    prompt.passages = {{"syslog.md", "Syslog", "", "The UDP port 514 is used.", 0.9},
                       {"other.md", "Other", "", "Nothing here.", 0.2}};
    prompt.terms = {{"port", "port", 2.0, true}};
  }

  std::unique_ptr<OpenAiGenerator> open() {
    OpenAiGenerator::World world{
        [this](const http::ClientRequest& request) -> Result<http::ClientResponse> {
          sent.push_back(request);
          if (replies.empty()) return says("The port is 514 [1].");
          Result<http::ClientResponse> next = std::move(replies.front());
          replies.pop_front();
          return next;
        },
        [this](milliseconds delay) { waits.push_back(delay); }};
    auto opened = OpenAiGenerator::open(options, clock, std::move(world));
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }

  OpenAiOptions options;
  Prompt prompt;
  ManualClock clock;
  std::vector<http::ClientRequest> sent;
  std::deque<Result<http::ClientResponse>> replies;
  std::vector<milliseconds> waits;
};

TEST_F(OpenAiTest, AsksTheEndpointAndReadsCitations) {
  const Result<Draft> draft = open()->generate(prompt);
  ASSERT_TRUE(draft);
  EXPECT_TRUE(draft->found);
  EXPECT_EQ(draft->text, "The port is 514 [1].");
  EXPECT_EQ(draft->cited, (std::vector<std::size_t>{0}));
  EXPECT_GT(draft->support, 0.9);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].method, "POST");
  EXPECT_EQ(sent[0].url, "http://model.test/v1/chat/completions");
  EXPECT_THAT(sent[0].headers,
              testing::Contains(testing::Pair("Authorization", std::string("Bearer ") + kKey)));
}

TEST_F(OpenAiTest, WithoutAKeySendsNone) {
  options.api_key.clear();
  ASSERT_TRUE(open()->generate(prompt));
  EXPECT_THAT(sent[0].headers, Not(testing::Contains(testing::Key("Authorization"))));
}

TEST_F(OpenAiTest, DropsCitationsThatDoNotExist) {
  replies.push_back(says("It is 514 [7]."));
  const Result<Draft> draft = open()->generate(prompt);
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->text, "It is 514.");
  EXPECT_TRUE(draft->cited.empty());
  EXPECT_EQ(draft->support, 0.0);
}

TEST_F(OpenAiTest, AModelThatCannotAnswerHasFoundNothing) {
  replies.push_back(says("NOT FOUND"));
  const Result<Draft> draft = open()->generate(prompt);
  ASSERT_TRUE(draft);
  EXPECT_FALSE(draft->found);
  EXPECT_EQ(draft->text, kNothingFound);
}

TEST_F(OpenAiTest, WithoutPassagesTheModelIsNotAsked) {
  prompt.passages.clear();
  const Result<Draft> draft = open()->generate(prompt);
  ASSERT_TRUE(draft);
  EXPECT_FALSE(draft->found);
  EXPECT_TRUE(sent.empty());
}

TEST_F(OpenAiTest, TriesAgainAfterBusyAndBrokenAnswers) {
  replies.push_back(reply(429, ""));
  replies.push_back(reply(503, ""));
  ASSERT_TRUE(open()->generate(prompt));
  EXPECT_EQ(sent.size(), 3U);
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_GE(waits[0], milliseconds(50));
  EXPECT_LE(waits[0], milliseconds(100));
  EXPECT_GE(waits[1], milliseconds(100));
  EXPECT_LE(waits[1], milliseconds(200));
}

TEST_F(OpenAiTest, TriesAgainWhenItCannotConnect) {
  replies.push_back(Error{ErrorCode::unavailable, "connection refused"});
  EXPECT_TRUE(open()->generate(prompt));
  EXPECT_EQ(sent.size(), 2U);
}

TEST_F(OpenAiTest, DoesNotTryAgainAfterATimeOut) {
  replies.push_back(Error{ErrorCode::deadline_exceeded, "60 s passed"});
  const Result<Draft> draft = open()->generate(prompt);
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().code, ErrorCode::deadline_exceeded);
  EXPECT_EQ(sent.size(), 1U);
}

TEST_F(OpenAiTest, KeepsToRetryAfter) {
  http::ClientResponse busy = reply(429, "");
  busy.headers = {{"retry-after", "1"}};
  replies.push_back(busy);
  ASSERT_TRUE(open()->generate(prompt));
  EXPECT_EQ(waits, (std::vector<milliseconds>{milliseconds(1000)}));
}

TEST_F(OpenAiTest, GivesUpWhenRetryAfterIsTooLong) {
  http::ClientResponse busy = reply(429, R"({"error":{"message":"quota used up"}})");
  busy.headers = {{"retry-after", "3600"}};
  replies.push_back(busy);
  const Result<Draft> draft = open()->generate(prompt);
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(draft.error().message, HasSubstr("quota used up"));
  EXPECT_TRUE(waits.empty());
}

TEST_F(OpenAiTest, NamesEveryRefusalByItsCode) {
  const std::pair<int, ErrorCode> expected[] = {{400, ErrorCode::internal},
                                                {401, ErrorCode::unauthenticated},
                                                {403, ErrorCode::unauthenticated},
                                                {404, ErrorCode::internal},
                                                {302, ErrorCode::internal}};
  for (const auto& [status, code] : expected) {
    replies.push_back(reply(status, R"({"error":{"message":"because"}})"));
    const Result<Draft> draft = open()->generate(prompt);
    ASSERT_FALSE(draft);
    EXPECT_EQ(draft.error().code, code) << status;
    EXPECT_THAT(draft.error().message, HasSubstr(std::to_string(status)));
    EXPECT_THAT(draft.error().message, HasSubstr("because"));
  }
  EXPECT_EQ(sent.size(), 5U);
}

TEST_F(OpenAiTest, NeverShowsTheKey) {
  replies.push_back(
      reply(401, std::string(R"({"error":{"message":"bad key )") + kKey + " / " + kKey + "\"}}"));
  const Result<Draft> refused = open()->generate(prompt);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, Not(HasSubstr(kKey)));
  EXPECT_THAT(refused.error().message, HasSubstr("bad key *** / ***"));

  replies.push_back(Error{ErrorCode::deadline_exceeded, std::string("header ") + kKey});
  const Result<Draft> failed = open()->generate(prompt);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, Not(HasSubstr(kKey)));
}

TEST_F(OpenAiTest, StopsAskingAnEndpointThatKeepsFailing) {
  for (int i = 0; i < 3; ++i) replies.push_back(Error{ErrorCode::unavailable, "refused"});
  const auto generator = open();
  EXPECT_EQ(generator->trouble(), "");
  ASSERT_FALSE(generator->generate(prompt));
  EXPECT_EQ(sent.size(), 3U);

  const Result<Draft> refused = generator->generate(prompt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(sent.size(), 3U);
  EXPECT_EQ(waits.size(), 2U);
  EXPECT_THAT(generator->trouble(), HasSubstr("3 times"));

  clock.advance(milliseconds(10'000));
  EXPECT_TRUE(generator->generate(prompt));
  EXPECT_EQ(sent.size(), 4U);
  EXPECT_EQ(generator->trouble(), "");
}

TEST_F(OpenAiTest, AnOpenCircuitEndsTheRetries) {
  options.circuit.failures_to_open = 2;
  for (int i = 0; i < 3; ++i) replies.push_back(reply(500, ""));
  const Result<Draft> draft = open()->generate(prompt);
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().code, ErrorCode::unavailable);
  EXPECT_EQ(sent.size(), 2U);
}

TEST_F(OpenAiTest, AWrongAnswerBodyIsAnError) {
  replies.push_back(reply(200, "<html>"));
  const Result<Draft> draft = open()->generate(prompt);
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().code, ErrorCode::internal);
}

TEST_F(OpenAiTest, RefusesOptionsThatCannotWork) {
  for (const char* url : {"", "model.test/v1", "ftp://x", "http://a b"}) {
    options.base_url = url;
    const auto opened = OpenAiGenerator::open(options, clock);
    ASSERT_FALSE(opened) << url;
    EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
  }
  options.base_url = "http://x/v1";
  options.chat.model.clear();
  EXPECT_FALSE(OpenAiGenerator::open(options, clock));
}

TEST_F(OpenAiTest, TheVersionChangesWithTheModelButNotWithTheKey) {
  const Digest version = open()->version();
  options.api_key = "another";
  EXPECT_EQ(open()->version(), version);
  options.chat.model = "large";
  EXPECT_NE(open()->version(), version);
  EXPECT_EQ(open()->name(), "openai:large");
}

}  // namespace
}  // namespace liquid::generate
