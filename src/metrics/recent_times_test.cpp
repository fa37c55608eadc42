#include "metrics/recent_times.h"

#include <gtest/gtest.h>

namespace liquid::metrics {
namespace {

using std::chrono::milliseconds;

TEST(RecentTimes, IsAllZeroBeforeTheFirstRequest) {
  const RecentTimes times;
  const RecentTimes::Summary summary = times.summary();
  EXPECT_EQ(summary.count, 0u);
  EXPECT_EQ(summary.p99, 0.0);
  EXPECT_EQ(summary.all_least, 0.0);
}

TEST(RecentTimes, InterpolatesBetweenRanks) {
  RecentTimes times;
  for (int i = 1; i <= 4; ++i) times.observe(milliseconds(i * 10));
  const RecentTimes::Summary summary = times.summary();
  EXPECT_DOUBLE_EQ(summary.p50, 25.0);
  EXPECT_DOUBLE_EQ(summary.p95, 38.5);
  EXPECT_DOUBLE_EQ(summary.p99, 39.7);
  EXPECT_DOUBLE_EQ(summary.average, 25.0);
  EXPECT_DOUBLE_EQ(summary.least, 10.0);
  EXPECT_DOUBLE_EQ(summary.greatest, 40.0);
}

TEST(RecentTimes, KeepsTheLastThousandAndTheExtremesOfAll) {
  RecentTimes times;
  times.observe(milliseconds(5000));
  for (int i = 0; i < 1000; ++i) times.observe(milliseconds(2));
  const RecentTimes::Summary summary = times.summary();
  EXPECT_EQ(summary.count, 1001u);
  EXPECT_DOUBLE_EQ(summary.greatest, 2.0);
  EXPECT_DOUBLE_EQ(summary.all_greatest, 5000.0);
  EXPECT_DOUBLE_EQ(summary.all_average, 7000.0 / 1001.0);
}

TEST(RecentTimes, StartsAgainAfterReset) {
  RecentTimes times;
  times.observe(milliseconds(50));
  times.reset();
  times.observe(milliseconds(3));
  const RecentTimes::Summary summary = times.summary();
  EXPECT_EQ(summary.count, 1u);
  EXPECT_DOUBLE_EQ(summary.all_greatest, 3.0);
  EXPECT_DOUBLE_EQ(summary.all_least, 3.0);
}

}  // namespace
}  // namespace liquid::metrics
