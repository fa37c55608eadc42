#include "api/training_readings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>

#include "tracking/sqlite/sqlite_store.h"

namespace liquid::api {
namespace {

using tracking::RunStatus;

class TrainingReadingsTest : public testing::Test {
 protected:
  TrainingReadingsTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~TrainingReadingsTest() override { std::filesystem::remove_all(folder_); }

  Result<std::unique_ptr<tracking::Store>> open() {
    return tracking::open_sqlite_store("sqlite:///" + (folder_ / "t.db").string(), {}, clock_);
  }

  // A run of `hours` that ended with `loss`.
  static void record(tracking::Store& store, const tracking::ExperimentId& experiment, double loss,
                     std::int64_t hours) {
    tracking::NewRun start;
    start.experiment_id = experiment;
    start.start_time_ms = 1000;
    const auto run = store.runs().create(start);
    ASSERT_TRUE(run) << run.error().message;
    tracking::Metric metric;
    metric.key = "final_train_loss";
    metric.value = loss;
    tracking::Batch batch;
    batch.metrics.push_back(metric);
    ASSERT_TRUE(store.runs().log_batch(run->info.id, batch));
    ASSERT_TRUE(store.runs().update(
        run->info.id,
        {.status = RunStatus::finished, .end_time_ms = 1000 + hours * 3'600'000, .name = {}}));
  }

  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                        ("training_readings_test." + std::to_string(getpid()));
  ManualClock clock_;
};

TEST_F(TrainingReadingsTest, TellTheLowestLossAndAllHours) {
  auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  const auto experiment = (*store)->experiments().create({"ft", {}, {}});
  ASSERT_TRUE(experiment);
  record(**store, *experiment, 0.75, 2);
  record(**store, *experiment, 0.25, 1);
  record(**store, *experiment, NAN, 1);
  const auto figures = read_training_figures(**store, "ft", clock_);
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_EQ(figures->best_model_loss, 0.25);
  EXPECT_EQ(figures->total_experiments, 2);  // "Default" is there from the start
  EXPECT_EQ(figures->training_hours, 4.0);
}

TEST_F(TrainingReadingsTest, AnExperimentNobodyMadeHasNoLossAndNoHours) {
  auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  const auto figures = read_training_figures(**store, "ft", clock_);
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_FALSE(figures->best_model_loss);
  EXPECT_EQ(figures->training_hours, 0.0);
}

TEST_F(TrainingReadingsTest, WithoutAStoreNothingIsKnown) {
  TrainingReadings readings(
      {.open = [](const std::stop_token&) { return Result(std::unique_ptr<tracking::Store>()); },
       .experiment = "ft"},
      clock_);
  readings.refresh();
  EXPECT_FALSE(readings.latest().total_experiments);
  EXPECT_FALSE(readings.latest().training_hours);
}

TEST_F(TrainingReadingsTest, AStoreThatComesLaterIsFound) {
  std::atomic<bool> there = false;
  TrainingReadings readings(
      {.open =
           [&](const std::stop_token&) {
             return there.load() ? open() : Result<std::unique_ptr<tracking::Store>>(nullptr);
           },
       .experiment = "ft",
       .interval = std::chrono::hours(1)},
      clock_);
  readings.refresh();
  there = true;
  readings.refresh();
  EXPECT_EQ(readings.latest().total_experiments, 1);
}

TEST_F(TrainingReadingsTest, AStoreThatFailsIsUnknownUntilItWorksAgain) {
  std::atomic<bool> broken = true;
  TrainingReadings readings({.open =
                                 [&](const std::stop_token&) {
                                   return broken.load() ? Result<std::unique_ptr<tracking::Store>>(
                                                              Error{ErrorCode::unavailable, "down"})
                                                        : open();
                                 },
                             .experiment = "ft",
                             .interval = std::chrono::hours(1)},
                            clock_);
  readings.refresh();
  EXPECT_FALSE(readings.latest().total_experiments);
  broken = false;
  readings.refresh();
  EXPECT_EQ(readings.latest().total_experiments, 1);
}

}  // namespace
}  // namespace liquid::api
