#include "api/rate_limit.h"

#include <gtest/gtest.h>

#include "api/test_exchange.h"

namespace liquid::api {
namespace {

class RateLimitTest : public ::testing::Test {
 protected:
  RateLimit limit(LimitBy by) {
    return RateLimit({2, std::chrono::seconds(60), 64}, by, clock_, registry_);
  }

  static int status(RateLimit& limit, TestExchange& exchange) {
    return answer_of(limit.enter(*exchange)).status;
  }

  ManualClock clock_;
  metrics::Registry registry_;
};

TEST_F(RateLimitTest, RefusesWithTheDocumentedBody) {
  RateLimit layer = limit(LimitBy::address);
  TestExchange exchange("/ask");
  EXPECT_EQ(status(layer, exchange), 0);
  EXPECT_EQ(status(layer, exchange), 0);
  http::Response refused = answer_of(layer.enter(*exchange));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.find("Retry-After"), "30");
  EXPECT_EQ(refused.body,
            R"({"detail":{"error":"Rate limit exceeded","limit":"2 requests per 60 seconds",)"
            R"("retry_after":30}})");
  layer.leave(*exchange, refused);
  EXPECT_EQ(refused.headers.find("X-RateLimit-Remaining"), "0");
  EXPECT_EQ(registry_.counter("liquid_rate_limited_total", "").value(), 1u);
}

TEST_F(RateLimitTest, TellsWhatIsLeft) {
  RateLimit layer = limit(LimitBy::address);
  TestExchange exchange("/search");
  layer.enter(*exchange);
  http::Response response;
  layer.leave(*exchange, response);
  EXPECT_EQ(response.headers.find("X-RateLimit-Limit"), "2");
  EXPECT_EQ(response.headers.find("X-RateLimit-Remaining"), "1");
  const auto now = std::chrono::ceil<std::chrono::seconds>(clock_.wall().time_since_epoch());
  EXPECT_EQ(response.headers.find("X-RateLimit-Reset"), std::to_string(now.count() + 30));
}

TEST_F(RateLimitTest, LeavesMonitoringAlone) {
  RateLimit layer = limit(LimitBy::address);
  for (const char* path : {"/health", "/status", "/metrics"}) {
    TestExchange exchange(path, http::Method::get);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(status(layer, exchange), 0);
    http::Response response;
    layer.leave(*exchange, response);
    EXPECT_FALSE(response.headers.contains("X-RateLimit-Limit"));
  }
  TestExchange asked("/ask");
  EXPECT_EQ(status(layer, asked), 0);
}

TEST_F(RateLimitTest, CheckedTenantsHaveABucketEachWhereverTheyCallFrom) {
  RateLimit layer = limit(LimitBy::tenant);
  TestExchange acme("/ask");
  acme.tenant("acme");
  status(layer, acme);
  status(layer, acme);
  EXPECT_EQ(status(layer, acme.from("203.0.113.1")), 429);
  TestExchange zenith("/ask");
  EXPECT_EQ(status(layer, zenith.tenant("zenith")), 0);
}

TEST_F(RateLimitTest, MadeUpCredentialsGiveNoNewBudget) {
  RateLimit layer = limit(LimitBy::address);
  int allowed = 0;
  for (int i = 0; i < 50; ++i) {
    TestExchange exchange("/ask");
    exchange.tenant("cred-" + std::to_string(i));
    allowed += status(layer, exchange) == 0 ? 1 : 0;
  }
  EXPECT_EQ(allowed, 2);
  TestExchange without("/ask");
  EXPECT_EQ(status(layer, without), 0);
}

TEST_F(RateLimitTest, OneIpv6NetworkIsOneCaller) {
  RateLimit layer = limit(LimitBy::address);
  TestExchange one("/ask");
  status(layer, one.from("2001:db8:1:2::1"));
  status(layer, one.from("2001:db8:1:2::2"));
  EXPECT_EQ(status(layer, one.from("2001:db8:1:2:ffff::3")), 429);
  EXPECT_EQ(status(layer, one.from("2001:db8:1:3::1")), 0);
}

}  // namespace
}  // namespace liquid::api
