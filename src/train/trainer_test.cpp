#include "train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <limits>
#include <new>

#include "base/file.h"
#include "formats/trainer_state.h"
#include "train/fake_training_test.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int64_t> saved_steps(const fs::path& folder) {
  std::vector<std::int64_t> steps;
  for (const CheckpointFolder& each : list_checkpoints(folder)) steps.push_back(each.step);
  return steps;
}

TEST(Trainer, TellsItsEventsInOrder) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  training.evaluates = true;
  training.plan.settings.loop.eval_steps = 3;
  training.plan.settings.loop.save_steps = 5;
  training.plan.total_steps = 6;
  const EndReport report = training.run();
  EXPECT_EQ(report.reason, EndReason::finished) << report.message;
  EXPECT_EQ(report.steps, 6);
  EXPECT_THAT(training.witness.events,
              ElementsAre("begin", "step 1", "step 2", "log 2", "step 3", "eval 3", "step 4",
                          "log 4", "step 5", "epoch 1", "save 5", "step 6", "log 6", "eval 6",
                          "save 6", "trained 6", "model 6", "end"));
}

TEST(Trainer, LogsTheMeanOverTheTrainedTokensSinceTheLastLog) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  std::vector<std::int64_t> tokens;
  training.witness.at_step = [&](const StepReport& report, Requests&) {
    tokens.push_back(report.trained_tokens);
  };
  training.run();
  const std::vector<double>& losses = training.witness.losses;
  const StepReport& first = training.witness.logs.front();
  const auto a = static_cast<double>(tokens[0]);
  const auto b = static_cast<double>(tokens[1]);
  EXPECT_NE(tokens[0], tokens[1]);
  EXPECT_DOUBLE_EQ(first.loss, (losses[0] * a + losses[1] * b) / (a + b));
  EXPECT_EQ(first.trained_tokens, tokens[0] + tokens[1]);
}

TEST(Trainer, LearnsAndLeavesItsFiles) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  training.plan.total_steps = 60;
  training.evaluates = true;
  training.eval = training.train;
  training.plan.settings.loop.eval_steps = 1;
  training.run();
  EXPECT_LT(training.witness.evaluations.back(), 0.8 * training.witness.evaluations.front());
  EXPECT_TRUE(fs::exists(scratch.path() / "final_model" / "adapter_model.safetensors"));
  EXPECT_TRUE(fs::exists(scratch.path() / "final_model" / "adapter_config.json"));
  const auto text = read_file(scratch.path() / "checkpoint-60" / "trainer_state.json");
  ASSERT_TRUE(text) << text.error().message;
  const auto state = formats::parse_trainer_state(*text);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->global_step, 60);
  EXPECT_EQ(state->max_steps, 60);
  EXPECT_EQ(state->log_history.size(), 30U + 60U);
  EXPECT_DOUBLE_EQ(state->epoch, 12.0);
}

// 2N steps = N, resume, N: equal losses and weights, bit by bit, wherever it is cut.
TEST(Trainer, GoesOnBitByBitAsIfItHadNeverStopped) {
  const ScratchFolder whole_folder;
  FakeTraining whole(whole_folder.path());
  whole.evaluates = true;
  whole.plan.settings.loop.eval_steps = 4;
  whole.run();
  for (std::int64_t cut = 1; cut < 8; ++cut) {
    const ScratchFolder scratch;
    FakeTraining first(scratch.path());
    first.evaluates = true;
    first.plan.settings.loop.eval_steps = 4;
    first.witness.at_step = [&](const StepReport& report, Requests&) {
      first.interrupted = report.step == cut;
    };
    EXPECT_EQ(first.run().reason, EndReason::interrupted);
    FakeTraining second(scratch.path());
    second.evaluates = true;
    second.plan.settings.loop.eval_steps = 4;
    second.resume_from = scratch.path() / ("checkpoint-" + std::to_string(cut));
    const EndReport report = second.run();
    ASSERT_EQ(report.reason, EndReason::finished) << report.message;
    EXPECT_EQ(second.plan.notes.at("witness.note"), "kept");
    std::vector<double> losses = first.witness.losses;
    losses.insert(losses.end(), second.witness.losses.begin(), second.witness.losses.end());
    EXPECT_EQ(losses, whole.witness.losses) << "cut after " << cut;
    EXPECT_EQ(second.weights(), whole.weights()) << "cut after " << cut;
    EXPECT_EQ(second.witness.evaluations.back(), whole.witness.evaluations.back());
    EXPECT_EQ(second.witness.logs.back().loss, whole.witness.logs.back().loss);
    EXPECT_EQ(*read_file(scratch.path() / "checkpoint-8" / "optimizer.safetensors"),
              *read_file(whole_folder.path() / "checkpoint-8" / "optimizer.safetensors"));
  }
}

TEST(Trainer, AnInterruptionEndsTheStepSavesAndMakesNoModel) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  training.witness.at_step = [&](const StepReport& report, Requests&) {
    training.interrupted = report.step == 3;
  };
  const EndReport report = training.run();
  EXPECT_EQ(report.reason, EndReason::interrupted);
  EXPECT_EQ(report.steps, 3);
  EXPECT_THAT(saved_steps(scratch.path()), ElementsAre(3));
  EXPECT_FALSE(fs::exists(scratch.path() / "final_model"));
  EXPECT_EQ(training.witness.events.back(), "end");
}

TEST(Trainer, ALossThatIsNoNumberFailsAndKeepsTheLastGoodCheckpoint) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  training.plan.settings.loop.save_steps = 2;
  training.witness.at_step = [&](const StepReport& report, Requests&) {
    if (report.step == 3) training.trainee.loss_factor = std::numeric_limits<double>::quiet_NaN();
  };
  const EndReport report = training.run();
  EXPECT_EQ(report.reason, EndReason::failed);
  EXPECT_THAT(report.message, HasSubstr("step 4: the loss is not a number"));
  EXPECT_THAT(saved_steps(scratch.path()), ElementsAre(2));
  for (const float weight : training.weights()) EXPECT_TRUE(std::isfinite(weight));
}

TEST(Trainer, RunningOutOfMemoryFailsWithAdvice) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  training.trainee.before_accumulate = []() -> Result<void> { throw std::bad_alloc(); };
  const EndReport report = training.run();
  EXPECT_EQ(report.reason, EndReason::failed);
  EXPECT_THAT(report.message, HasSubstr("out of memory"));
  EXPECT_THAT(report.message, HasSubstr("pack-length"));
  EXPECT_EQ(training.witness.events.back(), "end");
}

/// No file may grow beyond `bytes`: what a full disk looks like to a program.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : old_signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_signal_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit old_{};
  void (*old_signal_)(int);
};

TEST(Trainer, AFullDiskFailsAndKeepsTheLastGoodCheckpoint) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  training.plan.settings.loop.save_steps = 2;
  std::optional<FullDisk> full;
  training.witness.at_step = [&](const StepReport& report, Requests&) {
    if (report.step == 4) full.emplace(200);
  };
  const EndReport report = training.run();
  full.reset();
  EXPECT_EQ(report.reason, EndReason::failed);
  EXPECT_THAT(report.message, HasSubstr("checkpoint"));
  EXPECT_THAT(saved_steps(scratch.path()), ElementsAre(2));
  EXPECT_TRUE(read_checkpoint(scratch.path() / "checkpoint-2"));
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    EXPECT_EQ(entry.path().filename(), "checkpoint-2");
  }
}

TEST(Trainer, KeepsTheNewestCheckpoints) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  training.plan.settings.loop.save_steps = 1;
  training.plan.settings.loop.keep = 2;
  training.run();
  EXPECT_THAT(saved_steps(scratch.path()), ElementsAre(7, 8));
}

TEST(Trainer, StopsEarlyAndGoesBackToTheBestWeights) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  training.evaluates = true;
  LoopSettings& loop = training.plan.settings.loop;
  loop.eval_steps = 1;
  loop.early_stopping = 2;
  loop.best_at_end = true;
  loop.keep = 1;
  training.plan.total_steps = 40;
  training.plan.settings.optimizer.learning_rate = 2.0;  // too much: it gets worse
  std::vector<std::vector<float>> weights;
  training.witness.at_step = [&](const StepReport&, Requests&) {
    weights.push_back(training.weights());
  };
  const EndReport report = training.run();
  EXPECT_EQ(report.reason, EndReason::stopped_early);
  const std::vector<double>& losses = training.witness.evaluations;
  const auto best = std::min_element(losses.begin(), losses.end());
  const auto index = static_cast<std::size_t>(best - losses.begin());
  EXPECT_EQ(losses.size(), index + 3);
  EXPECT_EQ(report.final_eval_loss, *best);
  EXPECT_EQ(training.weights(), weights[index]);
  EXPECT_EQ(training.witness.events[training.witness.events.size() - 2],
            "model " + std::to_string(index + 1));
}

TEST(Trainer, EarlyStoppingGoesOnCountingAfterResume) {
  const ScratchFolder scratch;
  const auto make = [&](FakeTraining& training) {
    training.evaluates = true;
    training.plan.settings.loop.eval_steps = 1;
    training.plan.settings.loop.early_stopping = 3;
    training.plan.total_steps = 40;
    training.plan.settings.optimizer.learning_rate = 0.0;
  };
  FakeTraining first(scratch.path());
  make(first);
  first.witness.at_step = [&](const StepReport& report, Requests&) {
    first.interrupted = report.step == 3;
  };
  EXPECT_EQ(first.run().reason, EndReason::interrupted);
  FakeTraining second(scratch.path());
  make(second);
  second.resume_from = scratch.path() / "checkpoint-3";
  const EndReport report = second.run();
  EXPECT_EQ(report.reason, EndReason::stopped_early);
  EXPECT_EQ(report.steps, 4);
}

TEST(StepMaker, MakesNoStepWithoutTrainedTokens) {
  const ScratchFolder scratch;
  FakeTraining training(scratch.path());
  for (Sample& sample : training.train.samples) {
    sample.labels.assign(sample.labels.size(), lfm2::kIgnoredLabel);
  }
  EXPECT_EQ(training.run().reason, EndReason::finished);
  for (const float weight : training.weights()) EXPECT_EQ(weight, 0.0F);
}

TEST(StepMaker, HowSamplesArePackedChangesNothing) {
  std::vector<std::vector<double>> losses;
  for (const Packing packing : {Packing::best_fit, Packing::none}) {
    const ScratchFolder scratch;
    FakeTraining training(scratch.path());
    training.plan.settings.data.packing = packing;
    training.plan.total_steps = 1;
    training.run();
    losses.push_back(training.witness.losses);
  }
  EXPECT_NEAR(losses[0].front(), losses[1].front(), 1e-12);
}

}  // namespace
}  // namespace liquid::train
