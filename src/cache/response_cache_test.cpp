#include "cache/response_cache.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "cache/sweeper.h"

namespace liquid::cache {
namespace {

using namespace std::chrono_literals;

void expect_refused(const CacheOptions& options, std::string_view named) {
  const SystemClock clock;
  const auto opened = ResponseCache::open(options, clock);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(opened.error().message.find(named), std::string::npos) << opened.error().message;
}

TEST(ResponseCache, RefusesOptionsThatMakeNoSense) {
  expect_refused({.ttl = 0ms}, "ttl is 0 ms");
  expect_refused({.ttl = std::chrono::milliseconds::max()}, "ttl");
  expect_refused({.store = {.max_items = 0}}, "max_items is 0");
  expect_refused({.store = {.max_bytes = 1000}}, "max_bytes is 1000");
  expect_refused({.max_waiters = 0}, "max_waiters");
  expect_refused({.sweep_interval = -1ms}, "sweep_interval");
  expect_refused({.routes = {{"/ask", {.ttl = -1ms}}}}, "ttl of /ask");
  expect_refused({.routes = {{"/ask", {.store = StoreLimits{.max_items = 0}}}}}, "/ask.max_items");
  expect_refused({.routes = {{"ask", {}}}}, "\"ask\"");
}

TEST(ResponseCache, StartsEmpty) {
  const SystemClock clock;
  const auto opened = ResponseCache::open({}, clock);
  ASSERT_TRUE(opened.has_value());
  const CacheStats stats = (*opened)->stats();
  EXPECT_EQ(stats.total_items, 0U);
  EXPECT_EQ(stats.max_size, 1000U);
  EXPECT_DOUBLE_EQ(stats.utilization, 0.0);
  EXPECT_EQ((*opened)->clear({}), 0U);
}

TEST(EvictionPolicy, IsReadByItsName) {
  for (const auto policy : {EvictionPolicy::sieve, EvictionPolicy::lru}) {
    EXPECT_EQ(parse_eviction_policy(eviction_policy_name(policy)), policy);
  }
  EXPECT_EQ(parse_eviction_policy("fifo"), std::nullopt);
}

TEST(Sweeper, CallsAgainAndAgainUntilItDies) {
  std::mutex mutex;
  std::condition_variable called;
  int calls = 0;
  Sweeper sweeper(1ms, [&] {
    const std::lock_guard lock(mutex);
    ++calls;
    called.notify_one();
  });
  std::unique_lock lock(mutex);
  called.wait(lock, [&] { return calls >= 3; });
}

TEST(Sweeper, DiesAtOnceHoweverLongItsInterval) {
  const Sweeper sweeper(1h, [] {});
}

}  // namespace
}  // namespace liquid::cache
