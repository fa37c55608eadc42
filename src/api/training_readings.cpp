#include "api/training_readings.h"

#include <cmath>
#include <utility>

#include "base/log.h"

namespace liquid::api {
namespace {

constexpr std::string_view kLossKey = "final_train_loss";
constexpr double kMillisecondsPerHour = 3'600'000.0;
constexpr std::int64_t kPage = 1000;

std::int64_t now_ms(const Clock& clock) {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(clock.wall().time_since_epoch()).count();
}

Result<std::int64_t> count_experiments(tracking::Store& store) {
  tracking::ExperimentQuery query;
  query.max_results = kPage;
  std::int64_t count = 0;
  do {
    auto page = store.experiments().search(query);
    if (!page) return std::move(page).error();
    count += static_cast<std::int64_t>(page->items.size());
    query.page_token = std::move(page->next_page_token);
  } while (!query.page_token.empty());
  return count;
}

double duration_ms(const tracking::RunInfo& run, std::int64_t now) {
  const std::int64_t end =
      run.end_time_ms.value_or(run.status == tracking::RunStatus::running ? now : 0);
  return end > run.start_time_ms ? static_cast<double>(end - run.start_time_ms) : 0.0;
}

void add_run(TrainingFigures& figures, const tracking::Run& run, std::int64_t now) {
  figures.training_hours =
      figures.training_hours.value_or(0.0) + duration_ms(run.info, now) / kMillisecondsPerHour;
  for (const tracking::Metric& metric : run.metrics) {
    if (metric.key != kLossKey || std::isnan(metric.value)) continue;
    if (metric.value < figures.best_model_loss.value_or(INFINITY)) {
      figures.best_model_loss = metric.value;
    }
  }
}

Result<void> add_runs(tracking::Store& store, const tracking::ExperimentId& experiment,
                      std::int64_t now, TrainingFigures& figures) {
  tracking::RunQuery query;
  query.experiment_ids = {experiment};
  query.max_results = kPage;
  do {
    auto page = store.runs().search(query);
    if (!page) return std::move(page).error();
    for (const tracking::Run& run : page->items) add_run(figures, run, now);
    query.page_token = std::move(page->next_page_token);
  } while (!query.page_token.empty());
  return {};
}

}  // namespace

Result<TrainingFigures> read_training_figures(tracking::Store& store, std::string_view experiment,
                                              const Clock& clock) {
  TrainingFigures figures;
  const auto count = count_experiments(store);
  if (!count) return count.error();
  figures.total_experiments = *count;
  figures.training_hours = 0.0;
  const auto found = store.experiments().find(experiment);
  if (!found) return found.error();
  if (!found->has_value()) return figures;
  const auto added = add_runs(store, (*found)->id, now_ms(clock), figures);
  if (!added) return added.error();
  return figures;
}

TrainingReadings::TrainingReadings(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), thread_([this] { run(); }) {}

TrainingReadings::~TrainingReadings() {
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  stop_.request_stop();
  stop_changed_.notify_all();
  thread_.join();
}

Result<TrainingFigures> TrainingReadings::read() {
  if (store_ == nullptr) {
    auto opened = options_.open(stop_.get_token());
    if (!opened) return std::move(opened).error();
    store_ = std::move(*opened);
  }
  if (store_ == nullptr) return TrainingFigures();
  return read_training_figures(*store_, options_.experiment, clock_);
}

void TrainingReadings::refresh() {
  const std::lock_guard lock(reading_);
  const auto figures = read();
  if (!figures) {
    store_.reset();
    if (figures.error().message != last_trouble_) {
      last_trouble_ = figures.error().message;
      log_event(LogLevel::warning, "experiments cannot be read", {{"reason", last_trouble_}});
    }
  } else {
    last_trouble_.clear();
  }
  latest_.with(
      [&figures](TrainingFigures& latest) { latest = figures ? *figures : TrainingFigures(); });
}

void TrainingReadings::run() {
  refresh();
  std::unique_lock lock(stop_mutex_);
  while (!stop_changed_.wait_for(lock, options_.interval, [this] { return stopping_; })) {
    lock.unlock();
    refresh();
    lock.lock();
  }
}

}  // namespace liquid::api
