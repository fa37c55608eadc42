#include "api/cors.h"

#include <gtest/gtest.h>

#include "api/test_exchange.h"

namespace liquid::api {
namespace {

http::Response left(Cors& cors, TestExchange& exchange) {
  http::Response response;
  cors.leave(*exchange, response);
  return response;
}

TEST(Cors, AnswersAPreflightOfAListedOrigin) {
  Cors cors({"https://a.example"});
  TestExchange exchange("/ask", http::Method::options);
  exchange.header("Origin", "https://a.example")
      .header("Access-Control-Request-Method", "POST")
      .header("Access-Control-Request-Headers", "content-type, x-api-key");
  const http::Response response = answer_of(cors.enter(*exchange));
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.find("Access-Control-Allow-Headers"), "content-type, x-api-key");
  EXPECT_NE(response.headers.find("Access-Control-Allow-Methods").find("POST"), std::string::npos);
}

TEST(Cors, RefusesThePreflightOfAnother) {
  Cors cors({"https://a.example"});
  TestExchange exchange("/ask", http::Method::options);
  exchange.header("Origin", "https://b.example").header("Access-Control-Request-Method", "POST");
  EXPECT_EQ(answer_of(cors.enter(*exchange)).status, 400);
  EXPECT_FALSE(left(cors, exchange).headers.contains("Access-Control-Allow-Origin"));
}

TEST(Cors, LetsPlainOptionsPass) {
  Cors cors({"https://a.example"});
  TestExchange exchange("/ask", http::Method::options);
  EXPECT_EQ(answer_of(cors.enter(*exchange)).status, 0);
}

TEST(Cors, EveryAnswerIsForItsOwnOrigin) {
  Cors cors({"https://a.example", "https://b.example"});
  for (const char* origin : {"https://a.example", "https://b.example"}) {
    TestExchange exchange("/ask");
    exchange.header("Origin", origin);
    const http::Response response = left(cors, exchange);
    EXPECT_EQ(response.headers.find("Access-Control-Allow-Origin"), origin);
    EXPECT_EQ(response.headers.find("Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(response.headers.find("Vary"), "Origin");
  }
  TestExchange without("/ask");
  EXPECT_EQ(left(cors, without).headers.text(), "Vary: Origin\r\n");
  TestExchange other("/ask");
  other.header("Origin", "https://a.example.evil");
  EXPECT_FALSE(left(cors, other).headers.contains("Access-Control-Allow-Origin"));
}

TEST(Cors, AnyOriginMeansNoCredentials) {
  Cors cors({"*"});
  TestExchange exchange("/ask");
  exchange.header("Origin", "https://a.example");
  const http::Response response = left(cors, exchange);
  EXPECT_EQ(response.headers.find("Access-Control-Allow-Origin"), "*");
  EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Credentials"));
}

TEST(Cors, KnowsOrigins) {
  for (const char* good : {"*", "http://a", "https://a.example:8443"}) EXPECT_TRUE(is_origin(good));
  for (const char* bad :
       {"", "a.example", "https://", "https://a/", "https://a b", "https://*.a"}) {
    EXPECT_FALSE(is_origin(bad)) << bad;
  }
}

}  // namespace
}  // namespace liquid::api
