#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "tracking/recorder/delivery.h"
#include "tracking/recorder/journal_folder.h"
#include "tracking/recorder/last_word.h"
#include "tracking/recorder/monitor.h"
#include "tracking/recorder/queue_set.h"
#include "tracking/recorder/recorder.h"
#include "tracking/recorder/scribe.h"

namespace liquid::tracking {

/// What the threads of a recorder tell each other. Numbers only grow, flags are only set.
struct RecorderProgress {
  std::uint64_t visits_wanted = 0;  ///< By callers: visits of the writer, fsync included,
  std::uint64_t visits_done = 0;    ///< that began after they asked.
  recorder::Position written;
  recorder::Position delivered{0, 0};  ///< Everything before it, artifacts too; 0: no run yet.
  int in_a_hurry = 0;                  ///< Callers that wait for the store.
  std::optional<recorder::RunEnd> end_wanted;
  /// Sooner than `finish` was told, because the process ends.
  std::chrono::steady_clock::time_point end_by = std::chrono::steady_clock::time_point::max();
  bool end_written = false;
  bool recovered = false;  ///< Other journals have been looked after.
  bool ended = false;      ///< In the store; the journal is gone.
  bool stop = false;       ///< Whatever is not done stays undone.
  std::string run_id;
  std::string experiment_id;
  std::optional<Error> disk_problem;
  std::optional<Error> store_problem;
  recorder::DeliveryState delivery;  ///< Without its lists.
};

/// The parts of a recorder and its threads: the writer (queues → journal), the deliverer (journal →
/// store), the recovery of other journals, and the sampler of system metrics.
///
/// Order of destruction matters: threads first, then what they use.
struct Recorder::State final : recorder::EndingRun {
  State(RecorderOptions given, const Clock& time, std::unique_ptr<recorder::JournalFolder> journal);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> open_delivery();
  void start_threads();
  void push(recorder::QueuedRecord record) noexcept;
  /// Pushes the operation that `make` returns. Memory may run out, which is no reason to end
  /// somebody's training: then it is counted.
  template <typename Make>
  void push_made(Make&& make) noexcept {
    try {
      push(recorder::queued(std::make_unique<recorder::Operation>(make())));
    } catch (const std::exception&) {
      scribe.count_dropped();
    }
  }
  Result<void> wait_written(std::chrono::milliseconds limit);
  Result<void> flush(std::chrono::milliseconds limit);
  Result<RecorderReport> finish(RunStatus status);
  void ask_to_end(RunStatus status, std::chrono::milliseconds limit) override;
  Result<void> wait_for_end() override;
  RecorderReport report() const;
  std::int64_t now_ms() const noexcept;

  const RecorderOptions options;
  const Clock& clock;
  std::stop_source store_stop;  // ends calls to the store
  const std::unique_ptr<recorder::JournalFolder> folder;
  recorder::KeyTable keys;
  recorder::QueueSet queues;
  recorder::Scribe scribe;
  std::unique_ptr<recorder::Delivery> delivery;
  recorder::Monitor<RecorderProgress> progress;
  std::atomic<bool> accepting{true};
  std::atomic<std::int64_t> next_system_step{-1};  // -1 until the run is known
  const int exceptions_at_start;

 private:
  void write_loop();
  void write_once();
  void deliver_loop();
  recorder::Delivery::Step deliver_once(recorder::Position limit);
  void rest_after(recorder::Delivery::Step step, recorder::Position limit);
  void recover_loop(const std::stop_token& stop);
  void sample_loop(const std::stop_token& stop);
  template <typename Predicate>
  bool wait_to_end(Predicate&& reached) const;
  Result<RecorderReport> answer() const;

  std::mutex finishing_;
  std::optional<Result<RecorderReport>> finished_;  // guarded by finishing_
  Monotonic synced_at_;                             // writer
  recorder::Position synced_;                       // writer
  std::uint32_t disk_failures_ = 0;                 // writer
  std::jthread sampler_;
  std::jthread recovery_;
  std::jthread writer_;
  std::jthread deliverer_;
  std::optional<recorder::LastWord> last_word_;
};

}  // namespace liquid::tracking
