#pragma once

#include <ATen/ops/zeros.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kernels/team.h"
#include "train/checkpoint.h"
#include "train/checkpoint_keeper.h"
#include "train/early_stopping.h"
#include "train/trainer.h"

// A training of a few numbers, so that the loop is tested without a model.

namespace liquid::train {

/// A folder of its own for one test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "liquid-train-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Twelve weights w learn to predict g(id) = sin(id) from features f(id): loss ½(w·f − g)² for each
/// trained token, with dropout on the features.
class FakeTrainee final : public Trainee {
 public:
  FakeTrainee() {
    for (const char* name : {"x.lora_A.weight", "x.lora_B.weight"}) {
      parameters_.push_back({name, at::zeros({2, 3}), at::zeros({2, 3})});
    }
  }

  std::span<lfm2::Parameter> parameters() override { return parameters_; }
  void zero_gradients() override {
    for (lfm2::Parameter& parameter : parameters_) parameter.gradient.zero_();
  }
  Result<lfm2::Loss> accumulate(const lfm2::Batch& batch, const lfm2::Accumulation& how) override {
    if (before_accumulate) {
      if (auto done = before_accumulate(); !done) return std::move(done).error();
    }
    return pass(batch, &how);
  }
  Result<lfm2::Loss> evaluate(const lfm2::Batch& batch) override { return pass(batch, nullptr); }

  std::function<Result<void>()> before_accumulate;
  double loss_factor = 1;

 private:
  float& weight(std::size_t i) { return parameters_[i / 6].value.data_ptr<float>()[i % 6]; }
  Result<lfm2::Loss> pass(const lfm2::Batch& batch, const lfm2::Accumulation* how) {
    lfm2::Loss loss;
    for (std::size_t t = 0; t < batch.labels.size(); ++t) {
      if (batch.labels[t] == lfm2::kIgnoredLabel) continue;
      double features[12];
      double error = -std::sin(batch.labels[t]);
      for (std::size_t i = 0; i < 12; ++i) {
        const bool kept = how == nullptr || mixed_seed(how->dropout_seed, t, i) % 4 != 0;
        features[i] = kept ? std::sin(static_cast<double>(i + 1) * batch.labels[t]) : 0.0;
        error += static_cast<double>(weight(i)) * features[i];
      }
      loss.sum += loss_factor * 0.5 * error * error;
      ++loss.tokens;
      for (std::size_t i = 0; how != nullptr && i < 12; ++i) {
        parameters_[i / 6].gradient.data_ptr<float>()[i % 6] +=
            static_cast<float>(loss_factor * how->scale * error * features[i]);
      }
    }
    return loss;
  }

  std::vector<lfm2::Parameter> parameters_;
};

/// Writes down what it is told.
class Witness final : public Callback {
 public:
  Result<void> on_begin(const RunPlan&) override { return note("begin"); }
  Result<void> on_step(const StepReport& report, Requests& requests) override {
    losses.push_back(report.loss);
    rates.push_back(report.learning_rate);
    if (at_step) at_step(report, requests);
    return note("step " + std::to_string(report.step));
  }
  Result<void> on_log(const StepReport& report) override {
    logs.push_back(report);
    return note("log " + std::to_string(report.step));
  }
  Result<void> on_eval(const EvalReport& report, Requests&) override {
    evaluations.push_back(report.loss);
    return note("eval " + std::to_string(report.step));
  }
  Result<void> on_epoch(std::int64_t finished) override {
    return note("epoch " + std::to_string(finished));
  }
  void on_checkpoint(Notes& notes) override { notes["witness.note"] = "kept"; }
  Result<void> on_save(const SaveReport& report) override {
    return note("save " + std::to_string(report.step));
  }
  Result<void> on_trained(TrainedWeights& weights) override {
    return note("trained " + std::to_string(weights.step));
  }
  Result<void> on_final_model(const FinalModelReport& report) override {
    return note("model " + std::to_string(report.step));
  }
  void on_end(const EndReport&) override { events.emplace_back("end"); }

  std::vector<std::string> events;
  std::vector<double> losses;
  std::vector<double> rates;
  std::vector<double> evaluations;
  std::vector<StepReport> logs;
  std::function<void(const StepReport&, Requests&)> at_step;

 private:
  Result<void> note(std::string event) {
    events.push_back(std::move(event));
    return {};
  }
};

/// Everything of one run; settings and parts may be changed before `run`.
class FakeTraining {
 public:
  explicit FakeTraining(const std::filesystem::path& output_dir) {
    plan.output_dir = output_dir;
    plan.lora = lfm2::LoraSettings{};
    plan.settings.output.output_dir = output_dir.string();
    plan.settings.optimizer.learning_rate = 0.05;
    LoopSettings& loop = plan.settings.loop;
    loop.batch_size = 2;
    loop.accumulation = 2;
    loop.logging_steps = 2;
    loop.eval_steps = 0;
    loop.save_steps = 0;
    plan.settings.schedule.warmup_steps = 2;
    plan.settings.data.max_length = 12;
    for (std::int32_t i = 0; i < 18; ++i) train.samples.push_back(sample(i, 3 + i % 5));
    for (std::int32_t i = 50; i < 54; ++i) eval.samples.push_back(sample(i, 4));
    plan.steps_per_epoch = 5;  // 18 samples by 4
    plan.total_steps = 8;
    plan.train.profile.digest = "data";
  }

  EndReport run() {
    Optimizer optimizer(trainee.parameters(), plan.settings.optimizer, Optimizer::Group::adapter,
                        team);
    Progress progress;
    if (!resume_from.empty()) {
      auto saved = read_checkpoint(resume_from);
      if (!saved) return failed(saved.error());
      if (auto restored = restore_tensors(resume_from, optimizer); !restored) {
        return failed(restored.error());
      }
      plan.notes = saved->notes;
      plan.first_step = saved->progress.step;
      progress = saved->progress;
    }
    const LoopSettings& loop = plan.settings.loop;
    using AtEnd = CheckpointKeeper::Policy::AtEnd;
    CheckpointKeeper keeper(
        {loop.save_steps, loop.keep, loop.best_at_end ? AtEnd::best_weights : AtEnd::last_weights},
        optimizer);
    EarlyStopping early(loop.early_stopping, loop.early_stopping_threshold);
    std::vector<Callback*> callbacks{&witness, &keeper};
    if (loop.early_stopping > 0) callbacks.push_back(&early);
    auto group = ProcessGroup::join({});
    const TrainerParts parts{.plan = plan,
                             .trainee = trainee,
                             .optimizer = optimizer,
                             .group = **group,
                             .train = train,
                             .eval = evaluates ? &eval : nullptr,
                             .callbacks = callbacks,
                             .clock = clock,
                             .interrupted = interrupted};
    return Trainer(parts, std::move(progress)).run();
  }

  std::vector<float> weights() {
    std::vector<float> all;
    for (const lfm2::Parameter& parameter : trainee.parameters()) {
      const float* begin = parameter.value.data_ptr<float>();
      all.insert(all.end(), begin, begin + parameter.value.numel());
    }
    return all;
  }

  RunPlan plan;
  Dataset train;
  Dataset eval;
  bool evaluates = false;
  std::filesystem::path resume_from;
  FakeTrainee trainee;
  Witness witness;
  ManualClock clock;
  std::atomic<bool> interrupted{false};
  kernels::Team team{{.threads = 1}};

 private:
  static EndReport failed(const Error& error) {
    EndReport report;
    report.reason = EndReason::failed;
    report.message = error.message;
    return report;
  }
  static Sample sample(std::int32_t first, std::int32_t length) {
    Sample made;
    for (std::int32_t t = 0; t < length; ++t) {
      made.ids.push_back(first * 7 + t);
      made.labels.push_back(t == 0 ? lfm2::kIgnoredLabel : first * 7 + t);
    }
    return made;
  }
};

}  // namespace liquid::train
