#include "tracking/recorder/recorder_state.h"

#include <algorithm>
#include <bit>
#include <exception>
#include <utility>

#include "base/log.h"
#include "tracking/recorder/recovery.h"
#include "tracking/recorder/system_metrics.h"

namespace liquid::tracking {
namespace {

using recorder::Delivery;
using recorder::Position;
using std::chrono::milliseconds;

constexpr milliseconds kPollWhileHeld{20};
constexpr milliseconds kLongest = std::chrono::hours(24 * 365);
constexpr milliseconds kPollWhileIdle{200};  // for heartbeats and the journal's state
constexpr std::uint64_t kSegmentBytes = std::uint64_t{4} << 20U;

// A small bound needs small segments: only whole ones are given back.
std::uint64_t segment_bytes(std::uint64_t bound) {
  return std::clamp<std::uint64_t>(bound / 16, 4096, kSegmentBytes);
}

}  // namespace

Recorder::State::State(RecorderOptions given, const Clock& time,
                       std::unique_ptr<recorder::JournalFolder> journal)
    : options(std::move(given)),
      clock(time),
      folder(std::move(journal)),
      queues(options.max_queue_bytes),
      scribe(queues, keys, *folder,
             {.max_bytes = options.max_journal_bytes,
              .segment_bytes = segment_bytes(options.max_journal_bytes)}),
      exceptions_at_start(std::uncaught_exceptions()) {}

// `finish` has run and joined every thread, unless `start` failed before they were begun.
Recorder::State::~State() { last_word_.reset(); }

Result<void> Recorder::State::open_delivery() {
  Settings settings = options.settings;
  settings.access.stop = store_stop.get_token();
  Result<std::unique_ptr<Delivery>> opened = Delivery::open({.folder = *folder,
                                                             .connections = options.connections,
                                                             .settings = std::move(settings),
                                                             .clock = clock,
                                                             .owner = recorder::Owner::living,
                                                             .max_backoff = options.max_backoff});
  if (!opened) return std::move(opened).error();
  delivery = std::move(*opened);
  return {};
}

void Recorder::State::start_threads() {
  writer_ = std::jthread([this] { write_loop(); });
  deliverer_ = std::jthread([this] { deliver_loop(); });
  if (options.leftovers == Leftovers::deliver) {
    recovery_ = std::jthread([this](const std::stop_token& stop) { recover_loop(stop); });
  } else {
    progress.update([](RecorderProgress& now) { now.recovered = true; });
  }
  if (options.settings.system_metrics) {
    sampler_ = std::jthread([this](const std::stop_token& stop) { sample_loop(stop); });
  }
  last_word_.emplace(folder->last_word_path(), *this);
}

std::int64_t Recorder::State::now_ms() const noexcept {
  return std::chrono::duration_cast<milliseconds>(clock.wall().time_since_epoch()).count();
}

void Recorder::State::push(recorder::QueuedRecord record) noexcept {
  recorder::PointQueue* queue = queues.of_this_thread();
  if (queue != nullptr && accepting.load(std::memory_order_relaxed)) {
    const auto pushed = queue->push(record);
    if (pushed == recorder::PointQueue::Pushed::yes) return;
    progress.poke();
    if (pushed == recorder::PointQueue::Pushed::yes_and_filling) return;
  }
  recorder::operation_of(record).reset();
  scribe.count_dropped();
}

void Recorder::State::write_loop() {
  for (;;) {
    progress.rest(options.write_interval, [](const RecorderProgress& now) {
      return now.stop || now.visits_wanted > now.visits_done ||
             (now.end_wanted && !now.end_written && !now.disk_problem);
    });
    write_once();
    const RecorderProgress now = progress.get();
    if (now.stop || now.end_written) return;
  }
}

void Recorder::State::write_once() {
  const RecorderProgress before = progress.get();
  Result<void> written = scribe.visit();
  const bool end = written && before.end_wanted && !before.end_written;
  if (end) written = scribe.end(*before.end_wanted);
  const Monotonic now = clock.monotonic();
  const bool asked = before.visits_wanted > before.visits_done;
  const Position position = scribe.written();
  if (written && position != synced_ && (asked || now - synced_at_ >= options.sync_interval)) {
    written = scribe.sync();
    synced_at_ = now;
    if (written) synced_ = position;
  }
  if (!written && (disk_failures_++ % 256) == 0) {
    log_event(LogLevel::error, "the journal cannot be written; points wait in memory",
              {{"error", written.error().message}});
  }
  if (written && !asked && !end && position == before.written && !before.disk_problem) return;
  progress.update([&](RecorderProgress& shared) {
    shared.written = position;
    shared.disk_problem = written ? std::nullopt : std::optional(written.error());
    if (written) shared.visits_done = before.visits_wanted;
    if (written && end) shared.end_written = true;
  });
}

void Recorder::State::deliver_loop() {
  for (;;) {
    const RecorderProgress now = progress.get();
    if (now.stop) break;
    const Delivery::Step step = deliver_once(now.written);
    if (step == Delivery::Step::ended) return;
    rest_after(step, now.written);
  }
  // What is known to be delivered need not be delivered again by whoever comes next.
  if (Result<void> saved = delivery->save(); !saved) {
    log_event(LogLevel::warning, "a journal's state could not be saved",
              {{"error", saved.error().message}});
  }
}

Delivery::Step Recorder::State::deliver_once(Position limit) {
  const Delivery::Step step = delivery->step(limit);
  scribe.freed(delivery->take_freed_bytes());
  const recorder::DeliveryState& state = delivery->state();
  if (!state.run_id.empty() && next_system_step.load() < 0) {
    next_system_step.store(delivery->next_system_step());
  }
  progress.update([&](RecorderProgress& shared) {
    shared.run_id = state.run_id;
    shared.experiment_id = state.experiment_id;
    shared.store_problem = delivery->problem();
    shared.ended = step == Delivery::Step::ended;
    if (step == Delivery::Step::idle) shared.delivered = limit;
    shared.delivery.points = state.points;
    shared.delivery.refused = state.refused;
    shared.delivery.lost_artifacts = state.lost_artifacts;
  });
  return step;
}

void Recorder::State::rest_after(Delivery::Step step, Position limit) {
  using Now = const RecorderProgress&;
  switch (step) {
    case Delivery::Step::moved:
      progress.wait(options.delivery_interval,
                    [](Now now) { return now.stop || now.in_a_hurry > 0; });
      return;
    case Delivery::Step::idle:
      progress.wait(kPollWhileIdle, [limit](Now now) { return now.stop || now.written != limit; });
      return;
    case Delivery::Step::held:
      progress.wait(kPollWhileHeld, [](Now now) { return now.stop; });
      return;
    case Delivery::Step::ended: return;
  }
}

void Recorder::State::recover_loop(const std::stop_token& stop) {
  RecoveryOptions recovery;
  recovery.settings = options.settings;
  recovery.settings.access.stop = stop;
  recovery.connections = options.connections;
  recovery.stop = stop;
  for (const RecoveredJournal& journal :
       recover_journals(folder->path().parent_path(), recovery, clock)) {
    if (journal.outcome == RecoveryOutcome::in_use) continue;
    const bool delivered = journal.outcome == RecoveryOutcome::delivered;
    log_event(delivered ? LogLevel::info : LogLevel::warning,
              delivered ? "delivered the journal of a dead process"
                        : "a dead process's journal still waits",
              {{"journal", journal.journal_id},
               {"run", journal.run_id.str()},
               {"points", static_cast<std::int64_t>(journal.delivered_points)},
               {"problem", journal.problem}});
  }
  progress.update([](RecorderProgress& now) { now.recovered = true; });
}

void Recorder::State::sample_loop(const std::stop_token& stop) {
  recorder::sample_system(
      {.interval = options.settings.system_metrics_interval,
       .node = options.system_metrics_node,
       .stop = stop,
       .first_step = [this] { return next_system_step.load(); },
       .log =
           [this](const std::string& key, double value, std::int64_t step) {
             recorder::PointQueue* queue = queues.of_this_thread();
             // What comes after the end is no loss: nobody has asked for it.
             if (queue == nullptr || !accepting.load()) return;
             const recorder::QueuedRecord record{.time_ms = now_ms(),
                                                 .step = step,
                                                 .payload = std::bit_cast<std::uint64_t>(value),
                                                 .key = queue->keys().number_of(key, keys)};
             if (queue->push(record) == recorder::PointQueue::Pushed::no_memory) {
               scribe.count_dropped();
             }
           }});
}

Result<void> Recorder::State::wait_written(milliseconds limit) {
  std::uint64_t wanted = 0;
  progress.update([&wanted](RecorderProgress& now) { wanted = ++now.visits_wanted; });
  const bool done = progress.wait(limit, [wanted](const RecorderProgress& now) {
    return now.visits_done >= wanted || now.disk_problem || now.end_written;
  });
  const std::optional<Error> problem = progress.get().disk_problem;
  if (problem) return *problem;
  if (!done) return Error{ErrorCode::deadline_exceeded, "the journal was not written in time"};
  return {};
}

Result<void> Recorder::State::flush(milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  if (Result<void> written = wait_written(limit); !written) return written;
  const Position target = progress.get().written;
  progress.update([](RecorderProgress& now) { ++now.in_a_hurry; });
  const bool done = progress.wait(
      std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now()),
      [target](const RecorderProgress& now) { return now.ended || now.delivered >= target; });
  progress.update([](RecorderProgress& now) { --now.in_a_hurry; });
  if (done) return {};
  const std::optional<Error> problem = progress.get().store_problem;
  if (problem) return *problem;
  return Error{ErrorCode::deadline_exceeded, "not everything reached the tracking store in time"};
}

RecorderReport Recorder::State::report() const {
  const RecorderProgress now = progress.get();
  const recorder::LossNote losses = scribe.losses();
  RecorderReport report;
  report.run_id = RunId(now.run_id);
  report.delivered = now.delivery.points;
  report.thinned = losses.thinned;
  report.dropped = losses.dropped;
  report.refused = now.delivery.refused;
  report.lost_artifacts = now.delivery.lost_artifacts;
  report.journal_bytes = now.ended ? 0 : scribe.disk_bytes();
  if (now.store_problem) report.problem = now.store_problem->message;
  if (now.disk_problem) report.problem = now.disk_problem->message;
  return report;
}

Result<RecorderReport> Recorder::State::answer() const {
  const RecorderProgress now = progress.get();
  RecorderReport ended = report();
  if (ended.thinned + ended.dropped + ended.refused + ended.lost_artifacts > 0) {
    log_event(LogLevel::warning, "a run ends with losses",
              {{"run", ended.run_id.str()},
               {"thinned", static_cast<std::int64_t>(ended.thinned)},
               {"dropped", static_cast<std::int64_t>(ended.dropped)},
               {"refused", static_cast<std::int64_t>(ended.refused)},
               {"artifacts", static_cast<std::int64_t>(ended.lost_artifacts)}});
  }
  if (now.ended) return ended;
  std::string message = "the run is not ended in the tracking store";
  if (!ended.problem.empty()) message += " (" + ended.problem + ")";
  message += now.end_written ? "; what is missing waits in "
                             : "; the journal could not be written to its end: ";
  message += folder->path().string() + " (" + std::to_string(ended.journal_bytes) +
             " bytes); the next recorder of this folder, or `liquid runs recover`, delivers it";
  return Error{ErrorCode::unavailable, std::move(message)};
}

void Recorder::State::ask_to_end(RunStatus status, milliseconds limit) {
  accepting.store(false);
  const auto by =
      std::chrono::steady_clock::now() + std::min({limit, options.finish_limit, kLongest});
  progress.update([&](RecorderProgress& now) {
    if (!now.end_wanted) now.end_wanted = recorder::RunEnd{status, now_ms()};
    now.end_by = std::min(now.end_by, by);
    ++now.in_a_hurry;
  });
}

Result<void> Recorder::State::wait_for_end() {
  const Result<RecorderReport> ended = finish(RunStatus::killed);  // unless it was asked before
  return ended ? Result<void>() : ended.error();
}

// Until `reached`, or the time to end by, which may come nearer meanwhile.
template <typename Predicate>
bool Recorder::State::wait_to_end(Predicate&& reached) const {
  for (;;) {
    const auto by = progress.get().end_by;
    const auto left = std::chrono::ceil<milliseconds>(by - std::chrono::steady_clock::now());
    const bool woken =
        progress.wait(std::max(milliseconds(0), left),
                      [&](const RecorderProgress& now) { return reached(now) || now.end_by < by; });
    if (!woken || progress.get().end_by == by) return woken;
  }
}

Result<RecorderReport> Recorder::State::finish(RunStatus status) {
  ask_to_end(status, options.finish_limit);
  const std::lock_guard lock(finishing_);
  if (finished_) return *finished_;
  sampler_ = {};
  wait_to_end([](const RecorderProgress& now) {
    // A store that refuses for good will do so again in a minute.
    const bool refused = now.store_problem && recorder::is_refusal(now.store_problem->code);
    return now.ended || (now.end_written && refused);
  });
  progress.update([](RecorderProgress& now) { now.stop = true; });
  writer_ = {};
  // Short programs would otherwise never get round to delivering what others left.
  const bool others_too = progress.get().ended &&
                          wait_to_end([](const RecorderProgress& now) { return now.recovered; });
  if (!others_too) {
    store_stop.request_stop();
    recovery_.request_stop();
  }
  deliverer_ = {};
  recovery_ = {};
  finished_ = answer();
  return *finished_;
}

}  // namespace liquid::tracking
