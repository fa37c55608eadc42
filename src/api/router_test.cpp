#include "api/router.h"

#include <gtest/gtest.h>

#include "api/route_list.h"
#include "api/test_exchange.h"

namespace liquid::api {
namespace {

class RouterTest : public ::testing::Test {
 protected:
  static http::Response said(const char* text) {
    return http::text_response(200, "text/plain", text);
  }

  http::Response routed(TestExchange& exchange) { return answer_of(router_.enter(*exchange)); }

  Router router_{
      {{http::Method::get, kStatus, [](const http::Exchange&) { return said("status"); }},
       {http::Method::post, kCacheClear, [](const http::Exchange&) { return said("cleared"); }}}};
};

TEST_F(RouterTest, FindsPathAndMethod) {
  TestExchange status("/status", http::Method::get);
  EXPECT_EQ(routed(status).body, "status");
  TestExchange head("/status", http::Method::head);
  EXPECT_EQ(routed(head).status, 200);
  TestExchange clear("/cache/clear");
  EXPECT_EQ(routed(clear).body, "cleared");
}

TEST_F(RouterTest, NamesTheMethodThatWouldWork) {
  TestExchange status("/status", http::Method::post);
  EXPECT_EQ(routed(status).status, 405);
  EXPECT_EQ(routed(status).body, R"({"detail":"Method Not Allowed"})");
  EXPECT_EQ(routed(status).headers.find("Allow"), "GET, HEAD");
  TestExchange clear("/cache/clear", http::Method::get);
  EXPECT_EQ(routed(clear).headers.find("Allow"), "POST");
}

TEST_F(RouterTest, SendsATrailingSlashToTheRightPlace) {
  TestExchange ask("/ask/");
  ask.query("a=b");
  const http::Response response = routed(ask);
  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(response.headers.find("Location"), "/ask?a=b");
  TestExchange two("/ask//");
  EXPECT_EQ(routed(two).status, 404);
  TestExchange elsewhere("//evil.example/");
  EXPECT_EQ(routed(elsewhere).status, 404);
}

TEST_F(RouterTest, KnowsNothingElse) {
  TestExchange other("/nothing", http::Method::get);
  EXPECT_EQ(routed(other).status, 404);
  EXPECT_EQ(routed(other).body, R"({"detail":"Not Found"})");
}

}  // namespace
}  // namespace liquid::api
