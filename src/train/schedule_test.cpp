#include "train/schedule.h"

#include <gtest/gtest.h>

namespace liquid::train {
namespace {

ScheduleSettings settings(ScheduleKind kind, std::int64_t warmup) {
  ScheduleSettings settings;
  settings.kind = kind;
  settings.warmup_steps = warmup;
  return settings;
}

TEST(Schedule, BeginsWarmUpAtZeroAndReachesThePeakBehindIt) {
  const Schedule schedule(settings(ScheduleKind::constant, 4), 8.0, 10);
  EXPECT_EQ(schedule.at(0), 0.0);
  EXPECT_EQ(schedule.at(1), 2.0);
  EXPECT_EQ(schedule.at(3), 6.0);
  EXPECT_EQ(schedule.at(4), 8.0);
  EXPECT_EQ(schedule.at(9), 8.0);
}

TEST(Schedule, LinearFallsEvenlyToTheEnd) {
  const Schedule schedule(settings(ScheduleKind::linear, 2), 8.0, 10);
  EXPECT_EQ(schedule.at(2), 8.0);
  EXPECT_EQ(schedule.at(6), 4.0);
  EXPECT_EQ(schedule.at(9), 1.0);
  EXPECT_EQ(schedule.at(10), 0.0);
}

TEST(Schedule, CosineIsHalfAtHalfTime) {
  const Schedule schedule(settings(ScheduleKind::cosine, 0), 8.0, 10);
  EXPECT_EQ(schedule.at(0), 8.0);
  EXPECT_NEAR(schedule.at(5), 4.0, 1e-12);
  EXPECT_NEAR(schedule.at(1), 8.0 * 0.975528258147577, 1e-12);
}

TEST(Schedule, EndsAtTheLeastRate) {
  for (const ScheduleKind kind : {ScheduleKind::linear, ScheduleKind::cosine, ScheduleKind::wsd}) {
    ScheduleSettings with_floor = settings(kind, 0);
    with_floor.min_lr_ratio = 0.25;
    EXPECT_NEAR(Schedule(with_floor, 8.0, 10).at(10), 2.0, 1e-12);
  }
}

TEST(Schedule, WsdStaysAndFallsInTheLastPart) {
  ScheduleSettings wsd = settings(ScheduleKind::wsd, 2);
  wsd.decay_ratio = 0.4;
  const Schedule schedule(wsd, 8.0, 10);
  EXPECT_EQ(schedule.at(1), 4.0);
  EXPECT_EQ(schedule.at(2), 8.0);
  EXPECT_EQ(schedule.at(6), 8.0);
  EXPECT_EQ(schedule.at(8), 4.0);
  EXPECT_EQ(schedule.at(9), 2.0);
}

TEST(Schedule, ARatioWinsOverSteps) {
  ScheduleSettings by_ratio = settings(ScheduleKind::linear, 100);
  by_ratio.warmup_ratio = 0.25;
  EXPECT_EQ(Schedule(by_ratio, 1.0, 10).warmup_steps(), 3);
  by_ratio.warmup_ratio = 0.0;
  EXPECT_EQ(Schedule(by_ratio, 1.0, 10).at(0), 1.0);
}

}  // namespace
}  // namespace liquid::train
