#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "tracking/store.h"

namespace liquid::api {

/// What GET /metrics tells of the experiments. Absent: not known (no store, or it cannot be read).
struct TrainingFigures {
  std::optional<double> best_model_loss;          ///< Lowest "final_train_loss" of the experiment.
  std::optional<std::int64_t> total_experiments;  ///< Active ones in the store.
  std::optional<double> training_hours;  ///< Of all runs of the experiment; running ones until now.
};

/// Reads the store: blocking. An experiment that does not exist yet has no loss and zero hours.
Result<TrainingFigures> read_training_figures(tracking::Store& store, std::string_view experiment,
                                              const Clock& clock);

/// Keeps the figures of a tracking store at hand, so that a scrape never waits for it: a thread of
/// its own reads every `interval`.
class TrainingReadings {
 public:
  /// Gives the store; a null one when there is none (yet). Called again after each failure. Calls
  /// of a slow store should end soon after `stop` is asked for.
  using Opener = std::function<Result<std::unique_ptr<tracking::Store>>(std::stop_token stop)>;

  struct Options {
    Opener open;
    std::string experiment;
    std::chrono::milliseconds interval{30'000};
  };

  /// The clock is borrowed.
  TrainingReadings(Options options, const Clock& clock);
  ~TrainingReadings();
  TrainingReadings(const TrainingReadings&) = delete;
  TrainingReadings& operator=(const TrainingReadings&) = delete;

  TrainingFigures latest() const {
    return latest_.with([](const TrainingFigures& figures) { return figures; });
  }
  /// Reads now; the thread does the same.
  void refresh();

 private:
  Result<TrainingFigures> read();
  void run();

  const Options options_;
  const Clock& clock_;
  std::mutex reading_;
  std::unique_ptr<tracking::Store> store_;  // guarded by reading_
  std::string last_trouble_;                // guarded by reading_; so that each is logged once
  Guarded<TrainingFigures> latest_;
  std::stop_source stop_;
  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool stopping_ = false;  // guarded by stop_mutex_
  std::thread thread_;
};

}  // namespace liquid::api
