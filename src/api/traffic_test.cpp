#include "api/traffic.h"

#include <gtest/gtest.h>

#include "api/test_exchange.h"

namespace liquid::api {
namespace {

using http::CacheOutcome;

class TrafficTest : public ::testing::Test {
 protected:
  struct Answer {
    int status = 200;
    CacheOutcome outcome = CacheOutcome::none;
    std::string_view x_cache = {};
  };

  void answered(const char* path, const Answer& answer) {
    TestExchange exchange(path);
    exchange->received = clock_.monotonic();
    exchange->cache_outcome = answer.outcome;
    clock_.advance(std::chrono::milliseconds(10));
    http::Response response;
    response.status = answer.status;
    if (!answer.x_cache.empty()) response.headers.add("X-Cache", answer.x_cache);
    traffic_.leave(*exchange, response);
  }

  bool has(const std::string& line) const {
    return registry_.prometheus_text().find("\n" + line + "\n") != std::string::npos;
  }

  ManualClock clock_;
  metrics::Registry registry_;
  Traffic traffic_{registry_, clock_};
};

TEST_F(TrafficTest, CountsWhatTheServerItselfRefuses) {
  traffic_.count_refusal(413);
  traffic_.count_refusal(400);
  EXPECT_EQ(traffic_.totals().requests, 2u);
  EXPECT_EQ(traffic_.totals().errors, 2u);
  EXPECT_TRUE(has(R"(liquid_http_requests_total{route="other",status="413"} 1)"));
}

TEST_F(TrafficTest, CountsEveryMixtureToTheUnit) {
  answered("/ask", {200, CacheOutcome::miss, "MISS"});
  for (int i = 0; i < 3; ++i) answered("/ask", {200, CacheOutcome::hit, "HIT"});
  answered("/ask", {304, CacheOutcome::hit, "HIT"});
  answered("/search", {200, CacheOutcome::revalidated, "HIT"});
  answered("/search", {200, CacheOutcome::bypass, "BYPASS"});
  answered("/ask", {503, CacheOutcome::miss});
  answered("/ask", {422});
  answered("/ask", {429});
  answered("/stats", {401});
  const Traffic::Totals totals = traffic_.totals();
  EXPECT_EQ(totals.requests, 11u);
  EXPECT_EQ(totals.errors, 4u);
  EXPECT_EQ(totals.cache_hits, 5u);
  EXPECT_EQ(totals.cache_misses, 1u);
  EXPECT_TRUE(has(R"(liquid_http_requests_total{route="/ask",status="200"} 4)"));
  EXPECT_TRUE(has(R"(liquid_http_requests_total{route="/ask",status="429"} 1)"));
  EXPECT_TRUE(has(R"(liquid_cache_requests_total{route="/ask",outcome="miss"} 1)"));
  EXPECT_TRUE(has(R"(liquid_cache_requests_total{route="/ask",outcome="hit"} 4)"));
  EXPECT_TRUE(has(R"(liquid_cache_requests_total{route="/search",outcome="revalidated"} 1)"));
}

TEST_F(TrafficTest, MonitoringIsNoTraffic) {
  for (const char* path : {"/health", "/status", "/metrics"}) answered(path, {200});
  EXPECT_EQ(traffic_.totals().requests, 0u);
  EXPECT_TRUE(has(R"(liquid_http_requests_total{route="/health",status="200"} 1)"));
}

TEST_F(TrafficTest, StrangersShareOneLabel) {
  answered("/etc/passwd", {404});
  answered("/..%2f", {404});
  EXPECT_TRUE(has(R"(liquid_http_requests_total{route="other",status="404"} 2)"));
}

TEST_F(TrafficTest, TimesAreMeasuredFromArrival) {
  answered("/ask", {});
  answered("/ask", {});
  EXPECT_DOUBLE_EQ(traffic_.totals().times.average, 10.0);
  EXPECT_TRUE(has(R"(liquid_http_request_duration_seconds_bucket{route="/ask",le="0.01"} 2)"));
}

TEST_F(TrafficTest, ResetStartsAgainAndTimeGoesOn) {
  answered("/ask", {500});
  clock_.advance(std::chrono::seconds(5));
  traffic_.reset();
  clock_.advance(std::chrono::seconds(2));
  const Traffic::Totals totals = traffic_.totals();
  EXPECT_EQ(totals.requests + totals.errors + totals.times.count, 0u);
  EXPECT_NEAR(totals.seconds_up, 7.01, 1e-9);
  EXPECT_NEAR(totals.seconds_counted, 2.0, 1e-9);
  EXPECT_TRUE(has(R"(liquid_http_requests_total{route="/ask",status="500"} 0)"));
}

}  // namespace
}  // namespace liquid::api
