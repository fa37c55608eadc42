#include "http/message.h"

#include <gtest/gtest.h>

#include "http/error_response.h"
#include "http/request_id.h"
#include "http/response_head.h"
#include "http/scan.h"

namespace liquid::http {
namespace {

TEST(HeaderBlock, WritesLinesAndFindsThemWhateverTheCase) {
  HeaderBlock block;
  block.add("Content-Type", "text/plain");
  block.add("X-Empty", "");
  block.add("ETag", "\"a:b\"");
  EXPECT_EQ(block.text(), "Content-Type: text/plain\r\nX-Empty: \r\nETag: \"a:b\"\r\n");
  EXPECT_EQ(block.find("content-TYPE"), "text/plain");
  EXPECT_EQ(block.find("etag"), "\"a:b\"");
  EXPECT_TRUE(block.contains("x-empty"));
  EXPECT_EQ(block.find("x-empty"), "");
  EXPECT_FALSE(block.contains("content"));
}

TEST(HeaderBlock, LetsNobodySplitTheResponse) {
  HeaderBlock block;
  block.add("X-A", std::string("a\r\nSet-Cookie: evil\n") + '\0' + "b");
  block.add("X-\r\nB", "c");
  EXPECT_EQ(block.text(), "X-A: aSet-Cookie: evilb\r\nX-B: c\r\n");
}

TEST(HeaderBlock, RemovesEveryLineOfAName) {
  HeaderBlock block;
  block.add("A", "1");
  block.add("B", "2");
  block.add("a", "3");
  block.remove("A");
  EXPECT_EQ(block.text(), "B: 2\r\n");
  block.remove("missing");
  EXPECT_EQ(block.text(), "B: 2\r\n");
}

TEST(FindControl, FindsEveryControlByteAtEveryOffset) {
  for (std::size_t length = 0; length < 40; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (const int byte : {0x00, 0x01, 0x0A, 0x0D, 0x1F, 0x7F}) {
        std::string text(length, 'a');
        text[at] = static_cast<char>(byte);
        ASSERT_EQ(find_control(text, 0), at);
        ASSERT_EQ(find_control(text, at + 1), length);
      }
    }
  }
}

TEST(FindControl, PassesOverEverythingElse) {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == '\t' || (byte >= 0x20 && byte != 0x7F)) text += static_cast<char>(byte);
  }
  EXPECT_EQ(find_control(text, 0), text.size());
}

TEST(DateLine, IsAnImfFixdate) {
  DateLine date;
  EXPECT_EQ(date.at(784'111'777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.at(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
}

std::string head_of(const Response& response, const ResponseFrame& frame) {
  std::string head;
  append_head(head, response, frame);
  return head;
}

TEST(ResponseHead, PutsTheStoredHeadBeforeTheAnswersOwnLines) {
  auto stored = std::make_shared<StoredReply>();
  stored->head.add("ETag", "\"x\"");
  stored->body = "hello";
  Response response;
  response.stored = stored;
  response.headers.add("X-Cache", "HIT");
  EXPECT_EQ(
      head_of(response, {.date_line = "Date: now\r\n"}),
      "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\nETag: \"x\"\r\nX-Cache: HIT\r\n\r\n");
}

TEST(ResponseHead, SaysWhatBecomesOfTheConnectionOnlyWhereTheVersionDoesNot) {
  const Response response = text_response(200, "text/plain", "");
  const auto contains = [](const std::string& head, std::string_view part) {
    return head.find(part) != std::string::npos;
  };
  EXPECT_FALSE(contains(head_of(response, {}), "Connection"));
  EXPECT_TRUE(contains(head_of(response, {.after = AfterAnswer::close}), "Connection: close\r\n"));
  EXPECT_TRUE(
      contains(head_of(response, {.request_minor_version = 0}), "Connection: keep-alive\r\n"));
}

TEST(ResponseHead, GivesNoLengthWhereThereIsNoBody) {
  for (const int status : {204, 304}) {
    Response response;
    response.status = status;
    EXPECT_EQ(head_of(response, {}).find("Content-Length"), std::string::npos) << status;
  }
}

TEST(ErrorResponse, IsJsonWithDetailAndCode) {
  const Response response = error_response(refusals::kTooManyConnections);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find("retry-after"), "1");
  EXPECT_EQ(response.headers.find("content-type"), "application/json");
  EXPECT_EQ(response.body,
            "{\"detail\":\"The server has no room for another connection.\","
            "\"code\":\"too_many_connections\"}");
}

TEST(RequestId, KeepsWhatIsShortAndClean) {
  std::string id;
  choose_request_id("trace-1_2.A", id);
  EXPECT_EQ(id, "trace-1_2.A");
}

TEST(RequestId, MakesANewOneOtherwise) {
  std::string first;
  std::string second;
  for (const std::string& offered :
       {std::string(), std::string("a b"), std::string(65, 'a'), std::string("<script>")}) {
    choose_request_id(offered, first);
    choose_request_id(offered, second);
    EXPECT_EQ(first.size(), 16U);
    EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_NE(first, second);
  }
}

}  // namespace
}  // namespace liquid::http
