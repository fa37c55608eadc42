#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/recorder/batch_sender.h"
#include "tracking/recorder/connections.h"
#include "tracking/recorder/journal_folder.h"
#include "tracking/recorder/segment_files.h"

namespace liquid::tracking::recorder {

/// Whose journal is delivered: that of this process, or one that a dead process left.
enum class Owner { living, dead };

struct DeliverySetup {
  JournalFolder& folder;
  Connections connections;
  Settings settings;  ///< Access to the store; where to comes from the journal's plan.
  const Clock& clock;
  Owner owner = Owner::living;
  std::chrono::milliseconds max_backoff{30'000};
};

/// Brings a journal's entries to the store, in order, each as often as is needed and none twice.
/// One thread at a time; calls block as long as the store's do.
///
/// Order of one journal: the run, its entries, its artifacts, its end. The run is found again by
/// its journal tag when the answer to its making was lost, and twins that a repeated request made
/// are deleted, so there is one run per journal.
class Delivery {
 public:
  /// Errors: data_corrupt (the journal's state; of a dead process's journal it is made anew, and
  /// everything that is there delivered again, which changes nothing).
  static Result<std::unique_ptr<Delivery>> open(DeliverySetup setup);

  enum class Step {
    moved,  ///< Call again.
    idle,   ///< Everything before the limit is delivered.
    held,   ///< The store fails: see `problem`; not before `retry_at`.
    ended,  ///< The run is ended and the journal removed.
  };
  Step step(Position limit);
  /// Gives up waiting for the next attempt.
  void retry_now() { retry_at_ = Monotonic{}; }
  Monotonic retry_at() const { return retry_at_; }
  const std::optional<Error>& problem() const { return problem_; }
  const DeliveryState& state() const { return state_; }
  /// What could not be read of the journal.
  const std::vector<Damage>& damage() const { return damage_; }
  /// Bytes of journal deleted since the last call.
  std::uint64_t take_freed_bytes() { return std::exchange(freed_, 0); }
  /// First step number for system metrics of this run: behind those it has. Only for a run that is
  /// taken up again is it not 0.
  std::int64_t next_system_step() const { return next_system_step_; }
  /// Saves how far it has come.
  Result<void> save();

 private:
  Delivery(DeliverySetup setup, DeliveryState state);
  Result<Step> attempt(Position limit);
  Step hold(Error problem);
  Result<void> connect();
  Result<void> ensure_run();
  Result<void> resume_run();
  Result<void> find_experiment();
  Result<std::vector<Run>> runs_of_journal();
  Result<void> adopt(const Run& run);
  Result<void> remove_twins();
  Result<void> beat();
  Result<bool> deliver(Position limit);
  Result<void> commit(DeliveryUnit&& unit, const Refusals& refusals);
  void note_damage(const Damage& damage);
  Result<void> upload();
  Result<void> send_artifact(const ArtifactNote& note);
  Result<void> give_up_artifact(const ArtifactNote& note, const Error& reason);
  Result<void> end_run();
  Result<void> remove_heartbeat();
  RunEnd last_word() const;
  std::int64_t now_ms() const;

  DeliverySetup setup_;
  DeliveryState state_;
  SegmentReader reader_;
  BatchSender sender_;
  std::unique_ptr<Store> store_;
  bool run_is_set_up_ = false;
  bool unsaved_ = false;
  bool all_read_ = false;  // of a dead process's journal
  DeliveryUnit unit_;      // read, not yet delivered
  std::vector<Damage> damage_;
  Monotonic saved_at_;
  Monotonic retry_at_;
  Monotonic next_beat_;
  const std::size_t batch_entries_;
  std::uint32_t failures_ = 0;
  std::uint64_t freed_ = 0;
  std::int64_t next_system_step_ = 0;
  std::optional<Error> problem_;
  std::minstd_rand jitter_;
};

}  // namespace liquid::tracking::recorder
