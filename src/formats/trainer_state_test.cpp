#include "formats/trainer_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace liquid::formats {
namespace {

using testing::HasSubstr;

TEST(TrainerState, WhatIsWrittenIsReadBack) {
  TrainerState state;
  state.best_metric = 0.1;
  state.best_global_step = 20;
  state.best_model_checkpoint = "out/\"x\"/checkpoint-20";
  state.epoch = 2.0 / 3.0;
  state.global_step = 30;
  state.max_steps = 45;
  state.total_flos = 1.25e17;
  state.log_history = {{0.1, 1, {{"loss", 3.25}, {"learning_rate", 2e-5}}}, {1.0, 2, {}}};
  const Result<TrainerState> again = parse_trainer_state(write_trainer_state(state));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, state);
}

TEST(TrainerState, NumbersThatAreNotFiniteSurvive) {
  TrainerState state;
  state.log_history = {{0.5, 1, {{"loss", std::nan("")}, {"NaN \" Infinity", 1.0}}}};
  state.best_metric = -std::numeric_limits<double>::infinity();
  const std::string text = write_trainer_state(state);
  EXPECT_THAT(text, HasSubstr("\"loss\": NaN,"));
  EXPECT_THAT(text, HasSubstr("\"best_metric\": -Infinity,"));
  const Result<TrainerState> again = parse_trainer_state(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(std::isnan(again->log_history.at(0).values.at(0).second));
  EXPECT_EQ(again->log_history.at(0).values.at(1).first, "NaN \" Infinity");
  EXPECT_EQ(again->best_metric, state.best_metric);
}

TEST(TrainerState, WholeNumbersOfRealsAreWrittenAsPythonDoes) {
  TrainerState state;
  state.epoch = 3.0;
  EXPECT_THAT(write_trainer_state(state), HasSubstr("\"epoch\": 3.0,"));
}

TEST(TrainerState, WhatIsNoneIsRefused) {
  for (const char* bad :
       {"", "[]", "{\"epoch\": \"x\"}", "{\"log_history\": 3}", "{\"log_history\": [3]}",
        "{\"global_step\": [1]}", "{\"global_step\": NaN}"}) {
    const Result<TrainerState> state = parse_trainer_state(bad);
    ASSERT_FALSE(state) << bad;
    EXPECT_EQ(state.error().code, ErrorCode::data_corrupt);
  }
}

}  // namespace
}  // namespace liquid::formats
