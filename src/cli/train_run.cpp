#include "cli/train_run.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "cli/exit_status.h"
#include "cli/stop_signals.h"
#include "cli/tracking_client.h"
#include "cli/train_view.h"
#include "train/job.h"
#include "train/setting_table.h"
#include "train/tracking_callback.h"

namespace liquid::cli {
namespace {

// What a shell reports for a process that a signal ended.
int status_of_signal(int signal) { return 128 + signal; }

void say(std::string_view line) { std::cout << line << std::endl; }

Result<std::unique_ptr<train::Callback>> make_tracking(const train::TrackingSettings& wanted,
                                                       const Clock& clock) {
  auto settings = tracking_settings({});
  if (!settings) return std::move(settings).error();
  train::TrackingTarget target;
  target.settings = std::move(*settings);
  if (!wanted.tracking_uri.empty()) target.settings.tracking_uri = wanted.tracking_uri;
  target.say = say;
  return std::unique_ptr<train::Callback>(
      std::make_unique<train::TrackingCallback>(std::move(target), clock));
}

int status_of(const train::EndReport& report, int signal) {
  switch (report.reason) {
    case train::EndReason::finished:
    case train::EndReason::stopped_early: return kSuccess;
    case train::EndReason::interrupted: return status_of_signal(signal == 0 ? SIGINT : signal);
    case train::EndReason::failed: return failure({ErrorCode::internal, report.message});
  }
  return kFailure;
}

int train_and_report(const train::Settings& settings, StopSignals& signals) {
  const SystemClock clock;
  std::atomic<bool> interrupted{false};
  signals.listen([&](int count) {
    if (count > 1) ::_exit(status_of_signal(signals.last_signal()));
    interrupted = true;
    say("finishing the step, then saving; once more ends at once");
  });
  const std::unique_ptr<train::Callback> view = make_train_view(stdout, clock);
  std::vector<train::Callback*> callbacks{view.get()};
  std::unique_ptr<train::Callback> recorded;
  if (settings.tracking.use_mlflow) {
    auto made = make_tracking(settings.tracking, clock);
    if (!made) return failure(made.error());
    recorded = std::move(*made);
    callbacks.push_back(recorded.get());
  }
  const auto report = train::run_training(
      settings, {.clock = clock, .interrupted = interrupted, .callbacks = callbacks, .say = say});
  signals.stop_listening();
  if (!report) return failure(report.error());
  return status_of(*report, signals.last_signal());
}

}  // namespace

int run_train(const TrainFlags& flags) {
  const auto settings = gather_train_settings(flags);
  if (!settings) return bad_usage(settings.error());
  if (flags.print_config) {
    std::cout << train::to_toml(*settings);
    return kSuccess;
  }
  StopSignals signals;
  return train_and_report(*settings, signals);
}

}  // namespace liquid::cli
