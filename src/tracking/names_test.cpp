#include "tracking/names.h"

#include <gtest/gtest.h>

namespace liquid::tracking {
namespace {

TEST(Names, AreReadBackAsWritten) {
  for (const RunStatus status : {RunStatus::running, RunStatus::scheduled, RunStatus::finished,
                                 RunStatus::failed, RunStatus::killed}) {
    EXPECT_EQ(run_status_from(run_status_name(status)), status);
  }
  for (const Stage stage : {Stage::none, Stage::staging, Stage::production, Stage::archived}) {
    EXPECT_EQ(stage_from(stage_name(stage)), stage);
  }
}

TEST(Names, OfStagesAreReadWithoutRegardToCase) {
  EXPECT_EQ(stage_from("PRODUCTION"), Stage::production);
  EXPECT_EQ(stage_from("production"), Stage::production);
}

TEST(Names, ThatAreUnknownGiveNothing) {
  EXPECT_FALSE(run_status_from("DONE"));
  EXPECT_FALSE(stage_from(""));
  EXPECT_FALSE(logged_model_status_from("READY "));
}

}  // namespace
}  // namespace liquid::tracking
