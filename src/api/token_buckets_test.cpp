#include "api/token_buckets.h"

#include <gtest/gtest.h>

#include <thread>

namespace liquid::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Monotonic kStart{std::chrono::hours(1)};

int allowed_of(TokenBuckets& buckets, std::uint64_t client, Monotonic now, int tries) {
  int allowed = 0;
  for (int i = 0; i < tries; ++i) allowed += buckets.take(client, now).allowed ? 1 : 0;
  return allowed;
}

TEST(TokenBuckets, GivesExactlyTheBudgetAtOnce) {
  for (const std::uint32_t requests : {1u, 2u, 7u, 100u, 999u}) {
    TokenBuckets buckets({requests, seconds(60), 64});
    EXPECT_EQ(allowed_of(buckets, 1, kStart, 2000), static_cast<int>(requests)) << requests;
  }
}

TEST(TokenBuckets, CountsDownAndSaysWhenTheBucketIsFull) {
  TokenBuckets buckets({3, seconds(60), 64});
  EXPECT_EQ(buckets.take(1, kStart).remaining, 2u);
  EXPECT_EQ(buckets.take(1, kStart).remaining, 1u);
  const TokenBuckets::Verdict last = buckets.take(1, kStart);
  EXPECT_EQ(last.remaining, 0u);
  EXPECT_EQ(last.until_full, seconds(60));
  const TokenBuckets::Verdict refused = buckets.take(1, kStart);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.until_full, seconds(60));
  EXPECT_EQ(refused.retry_after, seconds(20));
}

TEST(TokenBuckets, RefillsEvenly) {
  TokenBuckets buckets({100, seconds(60), 64});
  allowed_of(buckets, 1, kStart, 200);
  EXPECT_EQ(allowed_of(buckets, 1, kStart + milliseconds(599), 5), 0);
  EXPECT_EQ(allowed_of(buckets, 1, kStart + milliseconds(600), 5), 1);
  EXPECT_EQ(allowed_of(buckets, 1, kStart + milliseconds(600 + 6'000), 50), 10);
  EXPECT_EQ(allowed_of(buckets, 1, kStart + seconds(1000), 200), 100);
}

TEST(TokenBuckets, KeepsClientsApart) {
  TokenBuckets buckets({5, seconds(60), 64});
  EXPECT_EQ(allowed_of(buckets, 1, kStart, 9), 5);
  EXPECT_EQ(allowed_of(buckets, 2, kStart, 9), 5);
}

TEST(TokenBuckets, ForgetsFullBucketsFirst) {
  TokenBuckets buckets({2, seconds(60), 8});  // one set
  ASSERT_EQ(buckets.capacity(), 8u);
  allowed_of(buckets, 100, kStart, 2);
  for (std::uint64_t client = 0; client < 7; ++client) buckets.take(client, kStart);
  // A minute later the seven are full again; the one that used up its budget now is not.
  const Monotonic later = kStart + seconds(60);
  allowed_of(buckets, 100, later, 2);
  for (std::uint64_t client = 200; client < 207; ++client) buckets.take(client, later);
  EXPECT_EQ(buckets.forced_out(), 0u);
  EXPECT_FALSE(buckets.take(100, later).allowed);
}

TEST(TokenBuckets, NeverGrowsAndTellsWhatItHadToForget) {
  TokenBuckets buckets({2, seconds(60), 8});
  for (std::uint64_t client = 0; client < 1000; ++client) buckets.take(client, kStart);
  EXPECT_EQ(buckets.capacity(), 8u);
  EXPECT_EQ(buckets.forced_out(), 992u);
}

TEST(TokenBuckets, GivesNoMoreThanTheBudgetToManyThreads) {
  TokenBuckets buckets({1000, seconds(60), 64});
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { allowed += allowed_of(buckets, 1, kStart, 1000); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, 1000);
}

}  // namespace
}  // namespace liquid::api
