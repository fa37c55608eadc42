#include "api/request_schema.h"

#include <gtest/gtest.h>

#include <sstream>

#include "api/canonical_request.h"
#include "base/file.h"

namespace liquid::api {
namespace {

std::string unescaped(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\x") == 0) {
      bytes += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
      i += 3;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

std::string refusal_text(const http::Response& response) {
  return std::to_string(response.status) + " " + response.body;
}

std::string outcome(const std::string& route, const std::string& body) {
  if (route == "search") {
    const auto parsed = parse_search_text(body);
    if (const auto* refusal = std::get_if<http::Response>(&parsed)) return refusal_text(*refusal);
    return "ok " + canonical_search(std::get<SearchRequest>(parsed));
  }
  const auto parsed = parse_ask_text(body);
  if (const auto* refusal = std::get_if<http::Response>(&parsed)) return refusal_text(*refusal);
  const auto& request = std::get<AskRequest>(parsed);
  return "ok " + (route == "ask" ? canonical_ask(request) : canonical_ask_simple(request));
}

TEST(RequestSchema, AnswersEveryCaseAsWritten) {
  const auto text = read_file(LIQUID_SOURCE_DIR "/tests/cases/api/requests.case");
  ASSERT_TRUE(text);
  std::istringstream lines(*text);
  int cases = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t blank = line.find(' ');
    const std::string body = blank == std::string::npos ? "" : unescaped(line.substr(blank + 1));
    std::string expected;
    ASSERT_TRUE(std::getline(lines, expected));
    EXPECT_EQ(outcome(line.substr(0, blank), body), expected) << line;
    ++cases;
  }
  EXPECT_GT(cases, 80);
}

http::Response refused(std::string_view body) {
  auto parsed = parse_ask_text(body);
  if (auto* response = std::get_if<http::Response>(&parsed)) return std::move(*response);
  return {.status = 200, .headers = {}, .body = "accepted", .stored = nullptr};
}

TEST(RequestSchema, TellsWhereTheBodyStopsBeingJson) {
  for (const std::string_view body :
       {" ", "{", R"({"question":"x")", R"({"question":"x"} x)", "not json", R"({"question":"x",})",
        "{'question':'x'}", "{\"question\":\"x\ny\"}", R"({"question":NaN})",
        R"({"question":"x","max_context_chunks":NaN})", R"({"question":"\ud800"})",
        R"({"question":"x","max_context_chunks":-Infinity})"}) {
    const http::Response response = refused(body);
    EXPECT_EQ(response.status, 422) << body;
    EXPECT_EQ(response.body.find(R"({"detail":[{"type":"json_invalid","loc":["body",)"), 0u)
        << body;
  }
  EXPECT_NE(refused(R"({"question":"é","max_context_chunks":x})").body.find(R"(["body",37])"),
            std::string::npos);
}

TEST(RequestSchema, RefusesDeepNestingWithoutRecursingIntoIt) {
  EXPECT_EQ(refused(std::string(20'000, '[')).status, 400);
  const std::string deep =
      R"({"question":"x","other":)" + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_EQ(refused(deep).status, 400);
  const std::string shallow =
      R"({"question":"x","other":)" + std::string(20, '[') + std::string(20, ']') + "}";
  EXPECT_EQ(refused(shallow).body, "accepted");
}

TEST(RequestSchema, ANumberTooLargeForADoubleIsRefusedNotCrashing) {
  EXPECT_EQ(refused(R"({"question":"x","max_context_chunks":1e400})").status, 422);
  EXPECT_EQ(refused(R"({"question":"x","max_context_chunks":-1e400})").status, 422);
}

TEST(RequestSchema, DoesNotSendALargeInputBack) {
  const std::string body = R"({"query":")" + std::string(100'000, 'x') + R"("})";
  const http::Response response = refused(body);
  EXPECT_EQ(response.status, 422);
  EXPECT_LT(response.body.size(), 300u);
}

TEST(RequestSchema, NeedsAJsonContentType) {
  const std::string body = R"({"question":"x"})";
  const auto status = [&body](std::string_view type) {
    const http::HeaderField field{"content-type", type};
    http::Request request;
    request.headers = {&field, type.empty() ? 0u : 1u};
    request.body = body;
    const auto parsed = parse_ask(request);
    const auto* refusal = std::get_if<http::Response>(&parsed);
    return refusal == nullptr ? 200 : refusal->status;
  };
  EXPECT_EQ(status("application/json"), 200);
  EXPECT_EQ(status("application/json; charset=utf-8"), 200);
  EXPECT_EQ(status("Application/JSON ; x=y"), 200);
  EXPECT_EQ(status("application/vnd.api+json"), 200);
  for (const std::string_view type : {"", "text/plain", "text/json", "application/jsonx",
                                      "application/x-www-form-urlencoded", "application/"}) {
    EXPECT_EQ(status(type), 422) << type;
  }
}

TEST(CanonicalRequest, IsABodyThatMeansTheSame) {
  const AskRequest request{"a  \"b\"\n\x01 é", 7, false, true};
  const std::string text = canonical_ask(request);
  const auto again = std::get<AskRequest>(parse_ask_text(text));
  EXPECT_EQ(canonical_ask(again), text);
  EXPECT_EQ(again.max_context_chunks, 7);
  EXPECT_FALSE(again.use_hybrid_search);
}

}  // namespace
}  // namespace liquid::api
