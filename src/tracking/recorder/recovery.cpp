#include "tracking/recorder/recovery.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

#include "tracking/recorder/delivery.h"
#include "tracking/recorder/journal_folder.h"
#include "tracking/recorder/segment_files.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
using recorder::Delivery;
using recorder::DeliveryState;
using recorder::JournalFolder;
using recorder::Position;
using std::chrono::milliseconds;

constexpr Position kEverything{UINT64_MAX, UINT64_MAX};
constexpr milliseconds kTick{20};

void rest(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, kTick, [] { return false; });
}

std::string text_of(const recorder::Damage& damage) {
  if (damage.bytes == 0) return damage.file + " is missing";
  return damage.file + ": " + std::to_string(damage.bytes) + " bytes from byte " +
         std::to_string(damage.offset) + " on cannot be read";
}

void describe(RecoveredJournal& journal, const Delivery& delivery) {
  const DeliveryState& state = delivery.state();
  journal.damage.clear();
  for (const recorder::Damage& damage : delivery.damage()) {
    journal.damage.push_back(text_of(damage));
  }
  journal.run_id = RunId(state.run_id);
  if (state.end) journal.status = state.end->status;
  journal.delivered_points = state.points;
  journal.refused = state.refused;
  journal.thinned = state.losses.thinned;
  journal.dropped = state.losses.dropped;
  journal.lost_artifacts = state.lost_artifacts;
}

RecoveryOutcome outcome_of(const Error& error) {
  if (error.code == ErrorCode::conflict) return RecoveryOutcome::in_use;
  if (error.code == ErrorCode::data_corrupt || error.code == ErrorCode::unsupported) {
    return RecoveryOutcome::damaged;
  }
  return RecoveryOutcome::waiting;
}

// Until everything is delivered, the store has failed too often in a row, or a stop.
RecoveryOutcome deliver(Delivery& delivery, const RecoveryOptions& options,
                        RecoveredJournal& journal) {
  int failures = 0;
  Monotonic counted;
  while (!options.stop.stop_requested()) {
    const Delivery::Step step = delivery.step(kEverything);
    describe(journal, delivery);
    if (step == Delivery::Step::ended) return RecoveryOutcome::delivered;
    if (step == Delivery::Step::moved) {
      failures = 0;
      if (options.observer) options.observer(journal);
      continue;
    }
    if (!delivery.problem()) continue;
    if (std::exchange(counted, delivery.retry_at()) != delivery.retry_at()) ++failures;
    journal.problem = delivery.problem()->message;
    const ErrorCode code = delivery.problem()->code;
    if (code == ErrorCode::data_corrupt) return RecoveryOutcome::damaged;
    if (failures >= options.attempts || recorder::is_refusal(code)) return RecoveryOutcome::waiting;
    rest(options.stop);
  }
  return RecoveryOutcome::waiting;
}

// Nothing when the journal was delivered by somebody else meanwhile.
std::optional<RecoveredJournal> recover(const fs::path& folder, const RecoveryOptions& options,
                                        const Clock& clock) {
  RecoveredJournal journal;
  journal.journal_id = folder.filename().string();
  Result<std::unique_ptr<JournalFolder>> taken = JournalFolder::take_over(folder);
  if (!taken && taken.error().code == ErrorCode::not_found) return std::nullopt;
  if (!taken) {
    journal.outcome = outcome_of(taken.error());
    journal.problem = taken.error().message;
    if (const auto state = recorder::read_delivery_state(folder)) {
      journal.run_id = RunId(state->run_id);
      journal.delivered_points = state->points;
    }
    return journal;
  }
  Result<std::unique_ptr<Delivery>> delivery = Delivery::open(
      {.folder = **taken,
       .connections = options.connections.store ? options.connections : real_connections(clock),
       .settings = options.settings,
       .clock = clock,
       .owner = recorder::Owner::dead,
       .max_backoff = options.max_backoff});
  if (!delivery) {
    journal.outcome = outcome_of(delivery.error());
    journal.problem = delivery.error().message;
    return journal;
  }
  journal.outcome = deliver(**delivery, options, journal);
  if (journal.outcome == RecoveryOutcome::delivered) {
    journal.problem.clear();
  } else if (Result<void> saved = (*delivery)->save(); !saved && journal.problem.empty()) {
    journal.problem = saved.error().message;
  }
  return journal;
}

void survey_entries(JournalSurvey& survey, const recorder::RunPlan& plan, Position from) {
  recorder::SegmentReader reader(survey.folder, plan.salt, from);
  for (;;) {
    const auto read = reader.next(kEverything, [&survey](recorder::Operation&& entry) {
      ++survey.waiting_entries;
      const auto* point = std::get_if<Metric>(&entry);
      if (point == nullptr) return;
      ++survey.waiting_points;
      survey.last_steps[point->key] = point->step;
    });
    if (!read) survey.problem = read.error();
    if (!read || *read == recorder::SegmentReader::Read::nothing) return;
  }
}

JournalSurvey survey_of(const fs::path& folder) {
  JournalSurvey survey;
  survey.journal_id = folder.filename().string();
  survey.folder = folder;
  const Result<std::unique_ptr<JournalFolder>> taken = JournalFolder::take_over(folder);
  survey.in_use = !taken && taken.error().code == ErrorCode::conflict;
  const Result<recorder::RunPlan> plan = recorder::read_run_plan(folder);
  const Result<DeliveryState> state = recorder::read_delivery_state(folder);
  if (!plan || !state) {
    survey.problem = plan ? state.error() : plan.error();
    return survey;
  }
  survey.tracking_uri = plan->tracking_uri;
  survey.experiment_name = plan->experiment_name;
  survey.run_name = plan->run_name;
  survey.run_id = RunId(state->run_id);
  survey.delivered_points = state->points;
  survey.last_steps.insert(state->last_steps.begin(), state->last_steps.end());
  for (const std::uint64_t number : recorder::segments_in(folder)) {
    std::error_code failed;
    const std::uintmax_t size = fs::file_size(recorder::segment_path(folder, number), failed);
    if (!failed) survey.bytes += size;
  }
  survey_entries(survey, *plan, state->position);
  return survey;
}

}  // namespace

std::vector<JournalSurvey> survey_journals(const fs::path& journal_folder) {
  std::vector<JournalSurvey> surveys;
  for (const fs::path& folder : recorder::journals_in(journal_folder)) {
    surveys.push_back(survey_of(folder));
  }
  return surveys;
}

std::vector<RecoveredJournal> recover_journals(const fs::path& journal_folder,
                                               const RecoveryOptions& options, const Clock& clock) {
  std::vector<RecoveredJournal> recovered;
  for (const fs::path& folder : recorder::journals_in(journal_folder)) {
    if (options.stop.stop_requested()) break;
    std::optional<RecoveredJournal> journal = recover(folder, options, clock);
    if (!journal) continue;
    recovered.push_back(std::move(*journal));
    if (options.observer) options.observer(recovered.back());
  }
  return recovered;
}

}  // namespace liquid::tracking
