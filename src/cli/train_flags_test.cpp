#include "cli/train_flags.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/help_format.h"
#include "train/setting_table.h"

namespace liquid::cli {
namespace {

Result<train::Settings> gathered(const std::vector<std::string>& arguments) {
  CLI::App app;
  TrainFlags flags;
  add_train_flags(app, flags);
  std::vector<std::string> words = with_dashes(arguments);
  std::reverse(words.begin(), words.end());
  app.parse(words);
  return gather_train_settings(flags);
}

std::string toml_error(std::string_view text) {
  train::Settings settings;
  const auto applied = apply_train_toml(settings, text);
  return applied ? "" : applied.error().message;
}

TEST(TrainFlags, SetWhatTheShortCommandOfTheGuideSays) {
  const auto settings = gathered({"--epochs", "1", "--batch-size", "2", "--lora"});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->loop.epochs, 1);
  EXPECT_EQ(settings->loop.batch_size, 2);
  EXPECT_EQ(settings->model.method, train::Method::lora);
}

TEST(TrainFlags, TakeTheNamesOfThePythonTrainers) {
  const auto settings =
      gathered({"--num_epochs=2", "--per-device-train-batch-size", "8", "--lr", "1e-3",
                "--use_mlflow", "--mlflow_run_name", "first", "--target_modules", "q_proj,w1"});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->loop.epochs, 2);
  EXPECT_EQ(settings->loop.batch_size, 8);
  EXPECT_EQ(settings->optimizer.learning_rate, 1e-3);
  EXPECT_TRUE(settings->tracking.use_mlflow);
  EXPECT_EQ(settings->tracking.run_name, "first");
  EXPECT_EQ(settings->model.lora_targets, (std::vector<std::string>{"q_proj", "w1"}));
}

TEST(TrainFlags, SwitchTrackingOff) {
  EXPECT_FALSE(gathered({"--no-mlflow"})->tracking.use_mlflow);
  EXPECT_TRUE(gathered({})->tracking.use_mlflow);
}

TEST(TrainFlags, ResumeTakesAPathOrNone) {
  EXPECT_EQ(gathered({})->output.resume, std::nullopt);
  EXPECT_EQ(gathered({"--resume"})->output.resume, "");
  EXPECT_EQ(gathered({"--resume", "a/checkpoint-5"})->output.resume, "a/checkpoint-5");
  EXPECT_EQ(gathered({"--resume", "--epochs", "2"})->output.resume, "");
  EXPECT_EQ(gathered({"--resume", "auto"})->output.resume, "auto");
}

TEST(TrainFlags, NameTheSettingAndWhatWasExpected) {
  const auto settings = gathered({"--lora-r", "0"});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(settings.error().message, "--lora-r: expected a whole number from 1 to 8192, got '0'");
}

TEST(TrainFlags, HelpFitsIntoEightyColumns) {
  CLI::App app;
  TrainFlags flags;
  app.formatter(make_help_formatter());
  add_train_flags(app, flags);
  std::istringstream help(app.help());
  for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(TrainToml, SetsEveryKindOfValueAndTheForeignNames) {
  train::Settings settings;
  const auto applied = apply_train_toml(settings,
                                        "learning_rate = 2e-5\n"
                                        "num_train_epochs = 0.5\n"
                                        "use_mlflow = false\n"
                                        "mlflow_experiment = \"mine\"\n"
                                        "lora-targets = [\"q_proj\", \"w2\"]\n"
                                        "lr_scheduler_type = \"cosine\"\n"
                                        "load_in_4bit = true\n");
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(settings.optimizer.learning_rate, 2e-5);
  EXPECT_EQ(settings.loop.epochs, 0.5);
  EXPECT_FALSE(settings.tracking.use_mlflow);
  EXPECT_EQ(settings.tracking.experiment, "mine");
  EXPECT_EQ(settings.model.lora_targets, (std::vector<std::string>{"q_proj", "w2"}));
  EXPECT_EQ(settings.schedule.kind, train::ScheduleKind::cosine);
  EXPECT_EQ(settings.model.method, train::Method::qlora);
}

TEST(TrainToml, NamesTheNearestSettingForAnUnknownOne) {
  EXPECT_EQ(toml_error("a = 1"), "line 1: 'a' is not a setting");
  EXPECT_EQ(toml_error("epochs = 1\nlerning_rate = 1"),
            "line 2: 'lerning_rate' is not a setting; did you mean learning-rate?");
  EXPECT_EQ(toml_error("epochs = [1]"), "line 1: epochs: expected one value, not a list");
  EXPECT_EQ(toml_error("fp16 = true"),
            "line 1: fp16: expected false, got 'true': fp16 is not computed; set number-type to "
            "auto, fp32 or bf16");
}

TEST(TrainToml, ReadsBackWhatIsPrinted) {
  train::Settings settings;
  settings.loop.epochs = 1.5;
  settings.data.system_prompt = "Say \"yes\"\nor\tno \\ \x01";
  settings.output.sample_prompts = {"a", "b"};
  settings.model.method = train::Method::full;
  const std::string text = train::to_toml(settings);
  train::Settings back;
  const auto applied = apply_train_toml(back, text);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(train::to_toml(back), text);
  EXPECT_EQ(back.data.system_prompt, settings.data.system_prompt);
}

}  // namespace
}  // namespace liquid::cli
