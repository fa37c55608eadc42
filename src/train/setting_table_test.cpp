#include "train/setting_table.h"

#include <gtest/gtest.h>

#include <set>

#include "train/run_plan.h"

namespace liquid::train {
namespace {

std::string set_error(const std::string& name, const std::string& value) {
  Settings settings;
  const Setting* setting = find_setting(name);
  if (setting == nullptr) return "no such setting";
  const auto done = setting->set(settings, {value});
  return done ? "" : done.error().message;
}

TEST(SettingTable, HasTheDocumentedDefaults) {
  const Settings settings;
  EXPECT_EQ(settings.loop.epochs, 3);
  EXPECT_EQ(settings.loop.batch_size, 4);
  EXPECT_EQ(settings.loop.accumulation, 4);
  EXPECT_EQ(learning_rate_of(settings), 2e-4);
  EXPECT_EQ(settings.schedule.warmup_steps, 100);
  EXPECT_EQ(settings.model.lora_r, 16);
  EXPECT_EQ(settings.model.lora_alpha, 32);
  EXPECT_EQ(settings.model.lora_dropout, 0.1);
  EXPECT_EQ(settings.loop.logging_steps, 10);
  EXPECT_EQ(settings.loop.eval_steps, 500);
  EXPECT_EQ(settings.loop.save_steps, 500);
  EXPECT_EQ(settings.loop.keep, 3);
  EXPECT_EQ(settings.tracking.experiment, "liquid-ft-training");
  Settings full;
  full.model.method = Method::full;
  EXPECT_EQ(learning_rate_of(full), 2e-5);
}

TEST(SettingTable, NoNameStandsForTwoSettings) {
  std::set<std::string> names;
  for (const Setting& row : setting_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    for (const std::string& alias : row.aliases) EXPECT_TRUE(names.insert(alias).second) << alias;
  }
}

TEST(SettingTable, EveryRowTakesBackWhatItShows) {
  for (const Setting& row : setting_table()) {
    Settings settings;
    const std::vector<std::string> values = row.get(settings);
    if (values.empty()) continue;
    const auto done = row.set(settings, values);
    EXPECT_TRUE(done) << row.name << ": " << done.error().message;
    EXPECT_EQ(row.get(settings), values) << row.name;
  }
}

TEST(SettingTable, NamesFieldValueAndExpectation) {
  EXPECT_EQ(set_error("epochs", "0"),
            "epochs: expected a number above 0, at most 1000000, got '0'");
  EXPECT_EQ(set_error("batch-size", "two"),
            "batch-size: expected a whole number from 1 to 65536, got 'two'");
  EXPECT_EQ(set_error("batch_size", "2.5"),
            "batch-size: expected a whole number from 1 to 65536, got '2.5'");
  EXPECT_EQ(set_error("lora-dropout", "nan"),
            "lora-dropout: expected a number from 0 to 0.99, got 'nan'");
  EXPECT_EQ(set_error("packing", "ffd"),
            "packing: expected best-fit, none, true, false or bfd, got 'ffd'");
  EXPECT_EQ(set_error("qlora", "1"), "qlora: expected true or false, got '1'");
  EXPECT_EQ(set_error("learning-rate", "+2e-5"), "");
}

TEST(SettingTable, WritesNumbersAsPythonDoes) {
  Settings settings;
  const Setting* rate = find_setting("learning-rate");
  for (const char* text : {"0.0002", "2e-05", "1000", "0.1"}) {
    ASSERT_TRUE(rate->set(settings, {text}));
    EXPECT_EQ(rate->get(settings), std::vector<std::string>{text});
  }
}

TEST(SettingTable, FindsTheNearestName) {
  EXPECT_EQ(nearest_setting("batchsize"), "batch-size");
  EXPECT_EQ(nearest_setting("gradient_acumulation_steps"), "gradient-accumulation-steps");
  EXPECT_EQ(nearest_setting("zzzzzzzzzz"), std::nullopt);
}

TEST(SettingTable, DescribesEverySettingByOneText) {
  Settings settings;
  settings.model.lora_targets = {"q_proj", "w1"};
  std::string targets;
  std::string rate = "missing";
  for (const auto& [name, value] : describe(settings)) {
    if (name == "lora_targets") targets = value;
    if (name == "learning_rate") rate = value;
  }
  EXPECT_EQ(targets, "q_proj,w1");
  EXPECT_EQ(rate, "");
}

TEST(Settings, ContradictionsAreNamed) {
  Settings settings;
  settings.loop.early_stopping = 3;
  EXPECT_EQ(validate(settings).error().message,
            "early-stopping 3 needs an evaluation: set eval-data or eval-share");
  settings.data.eval_share = 0.1;
  EXPECT_TRUE(validate(settings));
  settings.data.eval_data = "x";
  EXPECT_EQ(validate(settings).error().code, ErrorCode::invalid_argument);
  settings = {};
  settings.machine.weights = WeightStorage::nf4;
  EXPECT_EQ(validate(settings).error().message, "weights 'nf4' go with --qlora");
  settings = {};
  settings.data.pack_length = 100;
  EXPECT_EQ(validate(settings).error().message,
            "pack-length 100: expected at least max-length (2048)");
}

}  // namespace
}  // namespace liquid::train
