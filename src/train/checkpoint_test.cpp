#include "train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>

#include "base/file.h"
#include "train/fake_training_test.h"
#include "train/output_folder.h"
#include "train/setting_table.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

fs::path trained(const fs::path& folder) {
  FakeTraining training(folder);
  training.plan.total_steps = 2;
  training.run();
  return folder / "checkpoint-2";
}

TEST(Checkpoint, ComesBackBitByBit) {
  Progress progress;
  progress.step = 7;
  progress.epoch = 1;
  progress.step_in_epoch = 2;
  progress.seconds = 0.1;
  progress.since_log.loss = 1.0 / 3.0;
  progress.since_log.trained_tokens = 5;
  progress.train_loss = 2.0 / 3.0;
  progress.best = {1e-300, 4};
  progress.history.push_back({.epoch = 0.1, .step = 3, .values = {{"loss", 9.074657258474861}}});
  const auto back = parse_progress(write_progress(progress));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->step, 7);
  EXPECT_EQ(back->step_in_epoch, 2);
  EXPECT_EQ(back->seconds, 0.1);
  EXPECT_EQ(back->since_log.loss, 1.0 / 3.0);
  EXPECT_EQ(back->train_loss, 2.0 / 3.0);
  EXPECT_EQ(back->eval_loss, std::nullopt);
  EXPECT_EQ(back->best, progress.best);
  EXPECT_EQ(back->history, progress.history);
}

TEST(Checkpoint, NamesTheFieldThatIsMissing) {
  const auto back = parse_progress(R"({"step": 1})");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::data_corrupt);
  EXPECT_EQ(back.error().message, "field 'epoch' is missing or wrong");
}

TEST(Checkpoint, RefusesToGoOnWhenWhatMattersHasChangedAndNamesIt) {
  const ScratchFolder scratch;
  const auto saved = read_checkpoint(trained(scratch.path()));
  ASSERT_TRUE(saved) << saved.error().message;
  FakeTraining now(scratch.path());
  EXPECT_TRUE(check_same(*saved, now.plan));
  now.plan.settings.loop.logging_steps = 77;
  now.plan.settings.loop.epochs = 99;
  EXPECT_TRUE(check_same(*saved, now.plan));
  now.plan.settings.optimizer.learning_rate = 0.5;
  now.plan.train.profile.digest = "other";
  const auto same = check_same(*saved, now.plan);
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().code, ErrorCode::invalid_state);
  EXPECT_THAT(same.error().message, HasSubstr("learning_rate: was '0.05', is '0.5'"));
  EXPECT_THAT(same.error().message, HasSubstr("data: was 'data', is 'other'"));
  EXPECT_THAT(same.error().message, Not(HasSubstr("lora_r")));
}

TEST(Checkpoint, ItsIdentityNamesOnlySettingsThatExist) {
  const ScratchFolder scratch;
  const FakeTraining training(scratch.path());
  // Model, tokenizer, data, number type, weights, and 31 settings.
  EXPECT_EQ(identity_of(training.plan).size(), 5U + 31U);
}

TEST(Checkpoint, NamesTheFileThatIsDamaged) {
  const ScratchFolder scratch;
  const fs::path folder = trained(scratch.path());
  fs::resize_file(folder / "optimizer.safetensors", 100);
  FakeTraining again(scratch.path());
  again.resume_from = folder;
  EXPECT_THAT(again.run().message, HasSubstr("optimizer.safetensors"));
  std::ofstream(folder / "training.json") << "{";
  const auto saved = read_checkpoint(folder);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(saved.error().message, HasSubstr("training.json"));
}

TEST(OutputFolder, IsHeldAgainstAnotherTraining) {
  const ScratchFolder scratch;
  const auto first = OutputFolder::open(scratch.path());
  ASSERT_TRUE(first) << first.error().message;
  const auto second = OutputFolder::open(scratch.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST(OutputFolder, ANewRunDoesNotWriteOverAnEarlierOne) {
  const ScratchFolder scratch;
  OutputSettings settings;
  settings.output_dir = scratch.path().string();
  EXPECT_EQ(choose_start(settings)->has_value(), false);
  settings.resume = "";
  EXPECT_EQ(choose_start(settings).error().code, ErrorCode::not_found);
  settings.resume = "auto";
  EXPECT_EQ(choose_start(settings)->has_value(), false);
  trained(scratch.path());
  EXPECT_EQ(choose_start(settings)->value().progress.step, 2);
  settings.resume.reset();
  EXPECT_EQ(choose_start(settings).error().code, ErrorCode::conflict);
  settings.overwrite = true;
  EXPECT_EQ(choose_start(settings)->has_value(), false);
  ASSERT_TRUE(clear_earlier_run(scratch.path()));
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

constexpr const char* kFolderVariable = "LIQUID_KILLED_TRAINING";
constexpr std::int64_t kManySteps = 60;

void set_up_many_saves(FakeTraining& training) {
  training.plan.settings.loop.save_steps = 1;
  training.plan.total_steps = kManySteps;
  training.plan.settings.schedule.kind = ScheduleKind::constant;  // so that a shorter run is a part
}

// What the child of the next test does; it is killed meanwhile.
TEST(KilledTraining, DISABLED_Child) {
  const char* folder = std::getenv(kFolderVariable);
  ASSERT_NE(folder, nullptr);
  FakeTraining training(folder);
  set_up_many_saves(training);
  training.run();
}

pid_t start_child(const fs::path& folder) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setenv(kFolderVariable, folder.c_str(), 1);
  ::execl("/proc/self/exe", "train_test", "--gtest_filter=KilledTraining.DISABLED_Child",
          "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
  ::_exit(127);
}

// Waits until the child has written a checkpoint beyond `step`.
void await_checkpoint(const fs::path& folder, std::int64_t step, pid_t child) {
  for (;;) {
    const auto found = list_checkpoints(folder);
    if (!found.empty() && found.back().step > step) return;
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, WNOHANG), 0) << "the child ended by itself: " << status;
    ::usleep(200);
  }
}

TEST(KilledTraining, LeavesACheckpointToGoOnFromAtEveryMoment) {
  const ScratchFolder scratch;
  const ScratchFolder undisturbed_folder;
  FakeTraining undisturbed(undisturbed_folder.path());
  std::vector<std::vector<float>> weights{{}};
  undisturbed.witness.at_step = [&](const StepReport&, Requests&) {
    weights.push_back(undisturbed.weights());
  };
  set_up_many_saves(undisturbed);
  undisturbed.plan.settings.loop.save_steps = 0;
  undisturbed.run();
  std::mt19937 random(7);
  for (int round = 0; round < 8; ++round) {
    fs::remove_all(scratch.path() / "run");
    const fs::path folder = scratch.path() / "run";
    const pid_t child = start_child(folder);
    await_checkpoint(folder, static_cast<std::int64_t>(random() % 8), child);
    // Not waiting for anything: a moment nobody chose is the point.
    ::usleep(static_cast<useconds_t>(random() % 3000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ASSERT_TRUE(OutputFolder::open(folder));  // cleans up as the next start does
    const auto found = list_checkpoints(folder);
    ASSERT_FALSE(found.empty());
    FakeTraining next(folder);
    set_up_many_saves(next);
    next.plan.total_steps = found.back().step + 1;
    next.resume_from = found.back().path;
    const EndReport report = next.run();
    ASSERT_EQ(report.reason, EndReason::finished) << report.message;
    EXPECT_EQ(next.weights(), weights[static_cast<std::size_t>(found.back().step) + 1]);
  }
}

}  // namespace
}  // namespace liquid::train
