#include "cli/train_view.h"

#include <gtest/gtest.h>

namespace liquid::cli {
namespace {

TEST(TrainLine, SaysWhatIsKnown) {
  TrainLine line{.step = 120,
                 .total_steps = 3000,
                 .epoch = 0.4,
                 .loss = 2.34567,
                 .learning_rate = 1.8e-4,
                 .tokens_per_second = 1234.4,
                 .share_of_peak = 0.614,
                 .memory_bytes = 1.25e9,
                 .seconds_left = 75};
  EXPECT_EQ(to_text(line),
            "step 120/3000  epoch 0.40  loss 2.3457  lr 1.80e-04  1234 tok/s  61 % of peak  "
            "1.2 GB  1 min 15 s left");
  line.share_of_peak.reset();
  line.seconds_left.reset();
  EXPECT_EQ(to_text(line),
            "step 120/3000  epoch 0.40  loss 2.3457  lr 1.80e-04  1234 tok/s  1.2 GB");
}

TEST(TrainView, WritesAPlainLineForEachLogWhereThereIsNoTerminal) {
  std::FILE* file = std::tmpfile();
  ManualClock clock;
  const auto view = make_train_view(file, clock);
  train::RunPlan plan;
  plan.total_steps = 4;
  plan.machine.device = "cpu";
  train::Requests requests;
  ASSERT_TRUE(view->on_begin(plan));
  const long begin = std::ftell(file);
  ASSERT_TRUE(view->on_step({.step = 1, .loss = 9}, requests));
  EXPECT_EQ(std::ftell(file), begin);
  ASSERT_TRUE(
      view->on_log({.step = 2, .epoch = 0.5, .loss = 8, .trained_tokens = 10, .seconds = 2}));
  std::fseek(file, begin, SEEK_SET);
  char line[200] = {};
  ASSERT_NE(std::fgets(line, sizeof(line), file), nullptr);
  EXPECT_TRUE(std::string(line).starts_with("step 2/4  epoch 0.50  loss 8.0000")) << line;
  std::fclose(file);
}

}  // namespace
}  // namespace liquid::cli
