#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "http/client.h"
#include "http/scripted_fixture.h"
#include "http/server_fixture.h"

namespace liquid::http {
namespace {

BodySource source_of(std::string_view text) {
  return {.size = text.size(),
          .read_at = [text](std::uint64_t offset, std::span<char> space) -> Result<std::size_t> {
            return text.substr(offset).copy(space.data(), space.size());
          }};
}

ClientRequest request_of(std::string method, std::string url) {
  ClientRequest made;
  made.method = std::move(method);
  made.url = std::move(url);
  return made;
}

TEST(ClientTransfer, SendsABodyWhileItReadsIt) {
  const ScriptedServer server([](const SeenRequest& seen) { return reply(200, seen.body); });
  const std::string large(3'000'000, 'x');
  Client client;
  TransferOptions options;
  for (const std::string& body : {std::string(), std::string("a\0b", 3), large}) {
    options.source = source_of(body);
    EXPECT_EQ(client.transfer(request_of("PUT", server.url()), options).value().body, body);
  }
  EXPECT_EQ(server.seen().front().method, "PUT");
  EXPECT_EQ(server.seen().front().header("content-length"), "0");
  EXPECT_EQ(server.seen().front().header("expect"), "");
}

TEST(ClientTransfer, ReadsTheBodyAgainWhenTheKeptConnectionWasDead) {
  int requests = 0;
  const ScriptedServer server([&requests](const SeenRequest& seen) {
    if (++requests == 2) return Reply{.bytes = "", .after = After::close};
    return reply(200, seen.body);
  });
  Client client;
  TransferOptions options;
  options.source = source_of("whole");
  ASSERT_TRUE(client.transfer(request_of("PUT", server.url()), options));
  EXPECT_EQ(client.transfer(request_of("PUT", server.url()), options).value().body, "whole");
  EXPECT_EQ(requests, 3);
}

TEST(ClientTransfer, EndsWithTheErrorOfItsSource) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, ""); });
  Client client;
  TransferOptions options;
  options.source =
      BodySource{.size = 10, .read_at = [](std::uint64_t, std::span<char>) -> Result<std::size_t> {
                   return Error{ErrorCode::permission_denied, "not this file"};
                 }};
  const Error error = client.transfer(request_of("PUT", server.url()), options).error();
  EXPECT_EQ(error.code, ErrorCode::permission_denied);
  EXPECT_NE(error.message.find("not this file"), std::string::npos) << error.message;
}

TEST(ClientTransfer, RefusesASourceThatEndsEarly) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, ""); });
  Client client;
  TransferOptions options;
  options.source = source_of("four");
  options.source.size = 5;
  EXPECT_EQ(client.transfer(request_of("PUT", server.url()), options).error().code,
            ErrorCode::conflict);
}

TEST(ClientTransfer, GivesBodiesOfGoodAnswersToItsSink) {
  const ScriptedServer server([](const SeenRequest& seen) {
    return seen.target == "/good" ? reply(206, "part", {"ETag: \"e\""}) : reply(404, "why not");
  });
  std::string taken;
  TransferOptions options;
  options.sink = [&taken](const ClientResponse& head, std::string_view bytes) -> Result<void> {
    taken += std::to_string(head.status) + std::string(head.header("etag")) + std::string(bytes);
    return {};
  };
  Client client;
  EXPECT_EQ(client.transfer(request_of("GET", server.url() + "/good"), options).value().body, "");
  EXPECT_EQ(taken, "206\"e\"part");
  EXPECT_EQ(client.transfer(request_of("GET", server.url() + "/bad"), options).value().body,
            "why not");
  EXPECT_EQ(taken, "206\"e\"part");
}

TEST(ClientTransfer, EndsWithTheErrorOfItsSink) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, "body"); });
  TransferOptions options;
  options.sink = [](const ClientResponse&, std::string_view) -> Result<void> {
    return Error{ErrorCode::resource_exhausted, "the disk is full"};
  };
  Client client;
  const Error error = client.transfer(request_of("GET", server.url()), options).error();
  EXPECT_EQ(error.code, ErrorCode::resource_exhausted);
  EXPECT_NE(error.message.find("the disk is full"), std::string::npos);
}

TEST(ClientTransfer, TellsACutBodyFromAWholeOne) {
  const ScriptedServer server([](const SeenRequest&) { return cut_reply(200, "promised", 4); });
  std::string taken;
  TransferOptions options;
  options.sink = [&taken](const ClientResponse&, std::string_view bytes) -> Result<void> {
    taken += bytes;
    return {};
  };
  Client client;
  EXPECT_EQ(client.transfer(request_of("GET", server.url()), options).error().code,
            ErrorCode::unavailable);
  EXPECT_EQ(taken, "prom");
}

TEST(ClientTransfer, GivesUpWhenNoByteMoves) {
  const ScriptedServer server([](const SeenRequest&) { return Reply{.bytes = "HTTP/1.1 200 "}; });
  TransferOptions options;
  options.stall_timeout = std::chrono::milliseconds(1);  // one second, the shortest there is
  Client client;
  EXPECT_EQ(client.transfer(request_of("GET", server.url()), options).error().code,
            ErrorCode::deadline_exceeded);
}

TEST(ClientTransfer, ShowsNoSignature) {
  Client client;
  const ClientRequest sent =
      request_of("GET", "http://u:p@127.0.0.1:1/key?a=b&X-Amz-Signature=secret");
  const Error error = client.send(sent).error();
  EXPECT_NE(error.message.find("GET http://127.0.0.1:1/key:"), std::string::npos) << error.message;
}

TEST(ClientTransfer, SignsWithVersionFour) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, ""); });
  ClientRequest sent = request_of("PUT", server.url() + "/bucket/key");
  sent.headers = {{"Content-Type", "application/octet-stream"}, {"x-amz-content-sha256", "abc"}};
  TransferOptions options;
  options.source = source_of("body");
  options.signature = AwsSignature{.access_key_id = "AKID",
                                   .secret_access_key = "secret",
                                   .session_token = "token",
                                   .region = "eu-west-1",
                                   .service = "s3"};
  Client client;
  ASSERT_TRUE(client.transfer(sent, options));
  const SeenRequest seen = server.seen().at(0);
  const std::string signature = seen.header("authorization");
  EXPECT_EQ(signature.rfind("AWS4-HMAC-SHA256 Credential=AKID/", 0), 0U) << signature;
  EXPECT_NE(signature.find("/eu-west-1/s3/aws4_request"), std::string::npos) << signature;
  EXPECT_NE(signature.find("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
                           "x-amz-security-token,"),
            std::string::npos)
      << signature;
  EXPECT_EQ(seen.header("x-amz-security-token"), "token");
  EXPECT_EQ(seen.body, "body");
}

}  // namespace
}  // namespace liquid::http
