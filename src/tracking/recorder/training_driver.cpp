// A made-up training, recorded as a real one is: for tests/integration/tracking, which look at it
// through MLflow's UI. The store and the sampling of the machine come from MLflow's variables.
//
//   tracking_training_driver EXPERIMENT RUN_NAME LEARNING_RATE STEPS
//
// Losses fall with the learning rate. Prints the run's id once everything is in the store.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "tracking/recorder/recorder.h"

namespace {

using namespace liquid;
using namespace liquid::tracking;
using namespace std::chrono_literals;

constexpr std::int64_t kStepsPerEvaluation = 10;
constexpr std::uint64_t kMachineValues = 16;  // two samples on any machine

struct Plan {
  std::string experiment;
  std::string run_name;
  double learning_rate = 0.0;
  std::int64_t steps = 0;
};

DatasetInput dataset(const std::string& name, const std::string& context) {
  return {.dataset = {.name = name,
                      .digest = context + "0a1b",
                      .source_type = "local",
                      .source = R"({"uri": "data/)" + name + R"(.jsonl"})",
                      .schema = R"({"mlflow_colspec": [{"type": "string", "name": "text",)"
                                R"( "required": true}]})",
                      .profile = R"({"num_rows": 1200, "num_elements": 1200})"},
          .tags = {{"mlflow.data.context", context}}};
}

void describe(Recorder& recorder, const Plan& plan) {
  recorder.log_param("learning_rate", std::to_string(plan.learning_rate));
  recorder.log_param("lora_r", "16");
  recorder.log_param("model", "lfm2-tiny");
  recorder.set_tag("team", "search");
  recorder.set_tag("mlflow.note.content", "Trained by **" + plan.run_name + "**.");
  recorder.log_dataset(dataset("chats", "train"));
  recorder.log_dataset(dataset("questions", "eval"));
}

std::uint64_t train(Recorder& recorder, const Plan& plan) {
  std::uint64_t points = 0;
  const auto log = [&](std::string_view key, double value, std::int64_t step) {
    recorder.log_metric(key, value, step);
    ++points;
  };
  for (std::int64_t step = 0; step < plan.steps; ++step) {
    const double done = static_cast<double>(step) / static_cast<double>(plan.steps);
    const double loss = 2.0 * std::exp(-40.0 * plan.learning_rate * static_cast<double>(step));
    log("train_loss", loss, step);
    log("learning_rate", plan.learning_rate * (1.0 - done), step);
    if (step % kStepsPerEvaluation == 0) log("eval_loss", loss + 0.1, step);
  }
  log("final_train_loss", 2.0 - plan.learning_rate, plan.steps - 1);
  return points;
}

// The sampler of the machine has a pace of its own.
bool wait_for_samples(Recorder& recorder, std::uint64_t points) {
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (recorder.report().delivered < points + kMachineValues) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

int failed(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

int run(const Plan& plan) {
  const SystemClock clock;
  Result<Settings> settings = settings_from(process_environment());
  if (!settings) return failed(settings.error());
  const bool has_samples = settings->system_metrics;
  auto recorder = Recorder::start({.settings = *std::move(settings),
                                   .experiment_name = plan.experiment,
                                   .run_name = plan.run_name},
                                  clock);
  if (!recorder) return failed(recorder.error());
  describe(**recorder, plan);
  const std::uint64_t points = train(**recorder, plan);
  (*recorder)->log_text("step,text\n100,hello\n", "samples/step_100.csv");
  (*recorder)->log_text("# Training log\n\nall is well\n", "notes.md");
  if (has_samples && !wait_for_samples(**recorder, points)) return 1;
  const Result<RecorderReport> report = (*recorder)->finish(RunStatus::finished);
  if (!report) return failed(report.error());
  std::printf("%s\n", report->run_id.str().c_str());
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::span<char*> arguments(words, static_cast<std::size_t>(count));
  if (arguments.size() != 5) {
    std::fputs("usage: tracking_training_driver EXPERIMENT RUN_NAME LEARNING_RATE STEPS\n", stderr);
    return 2;
  }
  return run({.experiment = arguments[1],
              .run_name = arguments[2],
              .learning_rate = std::atof(arguments[3]),
              .steps = std::atoll(arguments[4])});
}
