#include "cache/reply_headers.h"

#include <gtest/gtest.h>

namespace liquid::cache {
namespace {

using namespace std::chrono_literals;

constexpr Monotonic kCreated{5000s};

StoredAnswer answer(std::string body, const http::HeaderBlock& headers) {
  auto reply = std::make_shared<http::StoredReply>();
  reply->head = content_head(headers);
  reply->body = std::move(body);
  const EntityTag tag = EntityTag::of(reply->body);
  return {.reply = std::move(reply),
          .tag = tag,
          .created = kCreated,
          .expires = kCreated + 300s,
          .cost = {}};
}

TEST(ContentHead, KeepsWhatDescribesTheBodyAndNothingElse) {
  http::HeaderBlock headers;
  headers.add("Content-Type", "text/plain");
  headers.add("Set-Cookie", "a=b");
  headers.add("content-language", "en");
  headers.add("Content-Length", "7");
  headers.add("X-Request-Id", "1");
  EXPECT_EQ(content_head(headers).text(), "Content-Type: text/plain\r\ncontent-language: en\r\n");
}

TEST(ContentHead, OfPlainJsonIsEmpty) {
  EXPECT_EQ(content_head(http::json_response(200, "{}").headers).text(), "");
}

TEST(ReplyHeaders, AreWrittenOnceEach) {
  const StoredAnswer stored = answer("{}", http::json_response(200, "").headers);
  const http::Response hit = answer_with(stored, {}, {.now = kCreated + 61'900ms});
  EXPECT_EQ(hit.headers.text(), "Content-Type: application/json\r\nETag: " + stored.tag.text() +
                                    "\r\nX-Cache: HIT\r\nX-Cache-Age: 61\r\nAge: 61\r\n"
                                    "Cache-Status: liquid; hit; ttl=238\r\n"
                                    "Cache-Control: private, no-cache\r\n");
  EXPECT_EQ(hit.stored, stored.reply);
}

TEST(ReplyHeaders, LeaveAnotherContentTypeAlone) {
  http::HeaderBlock headers;
  headers.add("Content-Type", "text/plain");
  const http::Response hit = answer_with(answer("x", headers), {}, {.now = kCreated});
  EXPECT_FALSE(hit.headers.contains("Content-Type"));
  EXPECT_EQ(hit.stored->head.find("Content-Type"), "text/plain");
}

TEST(ReplyHeaders, NeverCountBackwards) {
  const StoredAnswer stored = answer("x", {});
  const http::Response early = answer_with(stored, {}, {.now = kCreated - 5s});
  EXPECT_EQ(early.headers.find("Age"), "0");
  const http::Response late = answer_with(stored, {}, {.now = kCreated + 400s});
  EXPECT_EQ(late.headers.find("Cache-Status"), "liquid; hit; ttl=0");
}

TEST(ReplyHeaders, TellWhyAnAnswerWasComputed) {
  const StoredAnswer stored = answer("x", {});
  const auto status = [&](const CacheReport& report) {
    return std::string(answer_with(stored, report, {.now = kCreated}).headers.find("Cache-Status"));
  };
  EXPECT_EQ(status({.verdict = Verdict::miss, .forward = Forward::uri_miss, .stored = true}),
            "liquid; fwd=uri-miss; stored");
  EXPECT_EQ(status({.verdict = Verdict::miss, .forward = Forward::stale}), "liquid; fwd=stale");
  EXPECT_EQ(status({.verdict = Verdict::bypass, .forward = Forward::request, .collapsed = true}),
            "liquid; fwd=request; collapsed");
  EXPECT_EQ(status({.verdict = Verdict::bypass, .forward = Forward::bypass}), "liquid; fwd=bypass");
}

}  // namespace
}  // namespace liquid::cache
