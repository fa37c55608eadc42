#include "cli/answer_view.h"

#include <gtest/gtest.h>

#include "cli/server_call.h"

namespace liquid::cli {
namespace {

constexpr const char* kBody =
    R"({"answer":"4121 m [1].","sources":["a.md > Height","b.md"],"confidence":0.834,)"
    R"("context_used":2,"retrieval":"lexical"})";

TEST(AnswerView, ShowsAnswerSourcesAndHowItWasComeBy) {
  const auto view = answer_view(kBody, {"HIT", 0.4321});
  ASSERT_TRUE(view);
  EXPECT_EQ(*view,
            "4121 m [1].\n\nSources\n  1. a.md > Height\n  2. b.md\n\n"
            "Confidence 0.83, passages 2, cache HIT, 0.4 ms\n");
}

TEST(AnswerView, LeavesOutWhatThereIsNot) {
  const auto view = answer_view(R"({"answer":"No.","sources":[],"confidence":null})", {"", 2.0});
  ASSERT_TRUE(view);
  EXPECT_EQ(*view, "No.\n\nConfidence unknown, 2.0 ms\n");
}

TEST(AnswerView, AddsTheOriginToJson) {
  const auto view = answer_view_json(R"({"answer":"x"})", {"", 2.5});
  ASSERT_TRUE(view);
  EXPECT_EQ(*view, "{\"answer\":\"x\",\"x_cache\":null,\"milliseconds\":2.5E0}\n");
}

TEST(AnswerView, RefusesWhatIsNoAnswer) {
  for (const char* body : {"", "[]", "{}", "<html>"}) {
    const auto view = answer_view(body, {});
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error().code, ErrorCode::data_corrupt);
  }
}

TEST(ServerCall, PassesOnTheServersOwnWords) {
  EXPECT_EQ(refusal_text(403, R"({"detail":"not yours"})"), "the server answered 403: not yours");
  EXPECT_EQ(refusal_text(429, R"({"detail":{"error":"Rate limit exceeded"}})"),
            "the server answered 429: {\"error\":\"Rate limit exceeded\"}");
  EXPECT_EQ(refusal_text(502, "<html>"), "the server answered 502");
}

}  // namespace
}  // namespace liquid::cli
