#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace liquid {
namespace {

TEST(WorkerPool, RunsAllWorkBeforeDrainReturns) {
  WorkerPool pool({.name = "test", .threads = 2, .max_queued = 100});
  std::atomic<int> done = 0;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.try_submit([&done] { ++done; }));
  pool.drain();
  EXPECT_EQ(done, 50);
  EXPECT_FALSE(pool.try_submit([] {}));
}

TEST(WorkerPool, RefusesWorkWhenTheQueueIsFull) {
  std::promise<void> started;  // before the pool: its work uses them until the pool is gone
  std::promise<void> release;
  WorkerPool pool({.name = "test", .threads = 1, .max_queued = 1});
  ASSERT_TRUE(pool.try_submit([&] {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();
  EXPECT_TRUE(pool.try_submit([] {}));
  EXPECT_FALSE(pool.try_submit([] {}));
  release.set_value();
}

}  // namespace
}  // namespace liquid
