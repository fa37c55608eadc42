#include "base/guarded.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace liquid {
namespace {

TEST(Guarded, SerialisesWritersFromManyThreads) {
  Guarded<int> counter;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counter] {
      for (int n = 0; n < 1000; ++n) counter.with([](int& value) { ++value; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.with([](const int& value) { return value; }), 4000);
}

}  // namespace
}  // namespace liquid
