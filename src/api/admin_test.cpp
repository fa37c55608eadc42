#include "api/admin.h"

#include <gtest/gtest.h>

#include "api/cache_pages.h"
#include "api/test_exchange.h"

namespace liquid::api {
namespace {

int refusal(TestExchange& exchange, AdminKey key) {
  const auto response = admin_refusal(*exchange, key);
  return response ? response->status : 0;
}

TEST(Admin, WithoutAKeyOnlyThisMachineMay) {
  TestExchange local("/cache/stats", http::Method::get);
  EXPECT_EQ(refusal(local.from("127.0.0.1").header("Host", "127.0.0.1:8000"), AdminKey::not_set),
            0);
  TestExchange remote("/cache/stats", http::Method::get);
  EXPECT_EQ(refusal(remote.from("192.0.2.7").header("Host", "127.0.0.1"), AdminKey::not_set), 403);
}

TEST(Admin, AProxyOnThisMachineIsNotThisMachine) {
  for (const char* name : {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"}) {
    TestExchange exchange("/cache/clear");
    exchange.from("127.0.0.1").header("Host", "localhost").header(name, "203.0.113.9");
    EXPECT_EQ(refusal(exchange, AdminKey::not_set), 403) << name;
  }
}

TEST(Admin, APageOfAnotherOriginInALocalBrowserMayNot) {
  TestExchange foreign("/cache/clear");
  foreign.from("127.0.0.1")
      .header("Host", "localhost:8000")
      .header("Origin", "http://evil.example");
  EXPECT_EQ(refusal(foreign, AdminKey::not_set), 403);
  TestExchange rebound("/cache/clear");
  rebound.from("127.0.0.1").header("Host", "evil.example:8000");
  EXPECT_EQ(refusal(rebound, AdminKey::not_set), 403);
  TestExchange own("/cache/clear");
  own.from("::1").header("Host", "[::1]:8000").header("Origin", "http://[::1]:8000");
  EXPECT_EQ(refusal(own, AdminKey::not_set), 0);
}

TEST(Admin, OnceAKeyIsSetItIsNeededEvenHere) {
  TestExchange none("/cache/clear");
  EXPECT_EQ(refusal(none.from("127.0.0.1").header("Host", "localhost"), AdminKey::set), 401);
  TestExchange wrong("/cache/clear");
  EXPECT_EQ(refusal(wrong.header("X-Admin-Key", "wrong"), AdminKey::set), 403);
  TestExchange right("/cache/clear");
  right->is_admin = true;
  EXPECT_EQ(refusal(right, AdminKey::set), 0);
}

class CachePagesTest : public ::testing::Test {
 protected:
  http::Response clear(std::string_view body) {
    TestExchange exchange("/cache/clear");
    return clear_cache(*cache_, exchange.body(body)->request);
  }

  ManualClock clock_;
  std::unique_ptr<cache::ResponseCache> cache_ =
      std::move(cache::ResponseCache::open({.sweep_interval = {}}, clock_)).value();
};

TEST_F(CachePagesTest, ClearSaysHowMany) {
  EXPECT_EQ(clear("").body, R"({"cleared":0})");
  EXPECT_EQ(clear(R"({"route":"/search","tenant":null,"document_id":"a.md"})").body,
            R"({"cleared":0})");
}

TEST_F(CachePagesTest, AMisspeltFieldClearsNothing) {
  for (const char* body : {R"({"tenent":"a"})", R"({"route":5})", R"({"route":"/nothing"})", "[]",
                           "{", R"({"tenant":["a"]})"}) {
    EXPECT_EQ(clear(body).status, 422) << body;
  }
}

TEST_F(CachePagesTest, StatsHaveTheDocumentedNames) {
  const std::string json = cache_stats_json(cache_->stats());
  EXPECT_EQ(
      json.find(R"({"total_items":0,"valid_items":0,"expired_items":0,"max_size":1000,)"
                R"("utilization":0,"ttl_seconds":300,"bytes":0,"max_bytes":67108864,"hits":{)"),
      0u)
      << json;
}

}  // namespace
}  // namespace liquid::api
