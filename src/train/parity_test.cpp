#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/file.h"
#include "formats/safetensors_reader.h"
#include "lfm2/model/model.h"
#include "train/process_group.h"
#include "train/schedule.h"
#include "train/step_maker.h"
#include "train/trainee.h"

// The training sequences that torch and PEFT computed (tests/data/lfm2-tiny/README.md): each step's
// loss, gradient norm and learning rate, and the weights after the last.

namespace liquid::train {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr double kLossTolerance = 5e-5;
constexpr double kNormTolerance = 1e-5;  // relative
constexpr double kWeightTolerance = 5e-5;

fs::path fixture() { return fs::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny"; }

json::value expected() {
  const auto text = read_file(fixture() / "expected.json");
  EXPECT_TRUE(text);
  return json::parse(*text);
}

double number(const json::object& object, const char* key) {
  return object.at(key).to_number<double>();
}

lfm2::Batch batch_of(const json::array& documents) {
  lfm2::Batch batch;
  for (const json::value& document : documents) {
    const json::array& ids = document.at("ids").get_array();
    const auto prompt = document.at("prompt_length").to_number<std::size_t>();
    for (std::size_t t = 0; t < ids.size(); ++t) {
      const auto id = ids[t].to_number<std::int32_t>();
      batch.input_ids.push_back(id);
      batch.labels.push_back(t < prompt ? lfm2::kIgnoredLabel : id);
    }
    batch.seq_lens.push_back(static_cast<std::int32_t>(ids.size()));
  }
  return batch;
}

ScheduleKind kind_of(const std::string& name) {
  if (name == "linear") return ScheduleKind::linear;
  return name == "cosine" ? ScheduleKind::cosine : ScheduleKind::constant;
}

/// One of the recorded sequences, made again.
class Sequence {
 public:
  Sequence(const std::string& name, lfm2::Trainable trainable, kernels::Team& team)
      : all_(expected()), record_(all_.at("train." + name).get_object()) {
    lfm2::ModelOptions options;
    options.trainable = trainable;
    options.team = &team;
    if (trainable == lfm2::Trainable::adapter) options.adapter_folder = fixture() / "adapter";
    auto opened = lfm2::Model::open(fixture(), options);
    EXPECT_TRUE(opened) << opened.error().message;
    model_ = std::move(*opened);
    const json::object& hyper = record_.at("hyper").get_object();
    settings_.weight_decay = number(hyper, "wd");
    settings_.decay_on = DecayOn::everything;
    settings_.max_grad_norm = number(hyper, "clip");
    ScheduleSettings schedule;
    schedule.kind = kind_of(std::string(hyper.at("kind").get_string()));
    schedule.warmup_steps = hyper.at("warmup").to_number<std::int64_t>();
    schedule_ = std::make_unique<Schedule>(schedule, number(hyper, "lr"),
                                           hyper.at("steps").to_number<std::int64_t>());
    trainee_ = std::make_unique<ModelTrainee>(*model_);
    optimizer_ = std::make_unique<Optimizer>(trainee_->parameters(), settings_,
                                             Optimizer::Group::whole_model, team);
  }

  void run() {
    auto group = ProcessGroup::join({});
    StepMaker maker(*trainee_, *optimizer_, **group, settings_.max_grad_norm);
    const json::array& batches = all_.at("train.batches").get_array();
    const auto accumulation = record_.at("hyper").at("accum").to_number<std::size_t>();
    std::size_t next = 0;
    std::int64_t step = 0;
    for (const json::value& entry : record_.at("log").get_array()) {
      std::vector<lfm2::Batch> micro;
      for (std::size_t i = 0; i < accumulation; ++i) {
        micro.push_back(batch_of(batches[next++ % batches.size()].get_array()));
      }
      const double rate = schedule_->at(step++);
      const auto made = maker.make(micro, {rate, 0});
      ASSERT_TRUE(made) << made.error().message;
      const json::object& want = entry.get_object();
      EXPECT_NEAR(rate, number(want, "lr"), 1e-12) << "step " << step;
      EXPECT_NEAR(made->loss, number(want, "loss"), kLossTolerance) << "step " << step;
      const double norm = number(want, "grad_norm");
      EXPECT_NEAR(made->gradient_norm, norm, kNormTolerance * norm) << "step " << step;
      EXPECT_EQ(made->trained_tokens, want.at("tokens_in_loss").to_number<std::int64_t>());
    }
  }

  std::span<lfm2::Parameter> parameters() { return trainee_->parameters(); }

 private:
  json::value all_;
  const json::object& record_;
  OptimizerSettings settings_;
  std::unique_ptr<lfm2::Model> model_;
  std::unique_ptr<Schedule> schedule_;
  std::unique_ptr<ModelTrainee> trainee_;
  std::unique_ptr<Optimizer> optimizer_;
};

double largest_difference(const at::Tensor& tensor, std::span<const std::byte> bytes) {
  std::vector<float> want(bytes.size() / sizeof(float));
  std::memcpy(want.data(), bytes.data(), bytes.size());
  double largest = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double difference = std::abs(double{tensor.data_ptr<float>()[i]} - double{want[i]});
    largest = std::max(largest, difference);
  }
  return largest;
}

TEST(TrainingParity, TenStepsAtAConstantRateEndInTheSameWeights) {
  kernels::Team team({.threads = 1});
  Sequence sequence("lora_a", lfm2::Trainable::adapter, team);
  sequence.run();
  const auto values = formats::SafetensorsFile::open(fixture() / "expected.safetensors");
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(sequence.parameters().size(), 58U);
  for (const lfm2::Parameter& parameter : sequence.parameters()) {
    const auto want = values->tensor("train.lora_a.final." + parameter.name);
    ASSERT_TRUE(want) << want.error().message;
    ASSERT_EQ(want->bytes.size(), parameter.value.nbytes());
    EXPECT_LT(largest_difference(parameter.value, want->bytes), kWeightTolerance) << parameter.name;
  }
}

TEST(TrainingParity, TwoMicroBatchesClippedWithALinearSchedule) {
  kernels::Team team({.threads = 2});
  Sequence("lora_b", lfm2::Trainable::adapter, team).run();
}

TEST(TrainingParity, DecayAndACosineSchedule) {
  kernels::Team team({.threads = 1});
  Sequence("lora_c", lfm2::Trainable::adapter, team).run();
}

TEST(TrainingParity, AllWeights) {
  kernels::Team team({.threads = 1});
  Sequence("full", lfm2::Trainable::everything, team).run();
}

}  // namespace
}  // namespace liquid::train
