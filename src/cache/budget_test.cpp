#include "cache/budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace liquid::cache {
namespace {

using Shortage = Budget::Shortage;

TEST(Budget, GivesRoomUpToBothLimits) {
  Budget budget({.items = 2, .bytes = 100});
  EXPECT_EQ(budget.try_exchange({1, 60}, {}), Shortage::none);
  EXPECT_EQ(budget.try_exchange({1, 41}, {}), Shortage::bytes);
  EXPECT_EQ(budget.used().items, 1U) << "a refusal takes nothing";
  EXPECT_EQ(budget.try_exchange({1, 40}, {}), Shortage::none);
  EXPECT_EQ(budget.try_exchange({1, 0}, {}), Shortage::items);
  budget.give_back({1, 60});
  EXPECT_EQ(budget.try_exchange({1, 1}, {}), Shortage::none);
}

TEST(Budget, ExchangesInAFullStore) {
  Budget budget({.items = 1, .bytes = 100});
  ASSERT_EQ(budget.try_exchange({1, 100}, {}), Shortage::none);
  EXPECT_EQ(budget.try_exchange({1, 90}, {1, 100}), Shortage::none);
  EXPECT_EQ(budget.try_exchange({1, 101}, {1, 90}), Shortage::bytes);
  EXPECT_EQ(budget.used().bytes, 90U);
}

TEST(Budget, IsNeverExceededByThreads) {
  Budget budget({.items = 10, .bytes = 1000});
  std::atomic<bool> exceeded = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int step = 0; step < 20'000; ++step) {
        if (budget.try_exchange({1, 90}, {}) == Shortage::none) {
          if (budget.used().items > 10 || budget.used().bytes > 1000) exceeded = true;
          budget.give_back({1, 90});
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(budget.used().items, 0U);
  EXPECT_EQ(budget.used().bytes, 0U);
}

}  // namespace
}  // namespace liquid::cache
