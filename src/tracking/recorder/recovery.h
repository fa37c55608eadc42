#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/recorder/connections.h"
#include "tracking/settings.h"

namespace liquid::tracking {

/// What lies in one journal, without delivering it.
struct JournalSurvey {
  std::string journal_id;
  std::filesystem::path folder;
  std::string tracking_uri;
  std::string experiment_name;
  std::string run_name;
  RunId run_id;         ///< Empty: the store has not made the run, or its answer was lost.
  bool in_use = false;  ///< By a living recorder, or by somebody who delivers it.
  std::uint64_t delivered_points = 0;
  std::uint64_t waiting_points = 0;
  std::uint64_t waiting_entries = 0;  ///< Points and everything else.
  std::uint64_t bytes = 0;
  /// The last step of each key that is safe, delivered or waiting: where a program that logs the
  /// same points again after a crash has to go on.
  std::map<std::string, std::int64_t> last_steps;
  std::optional<Error> problem;  ///< What of it cannot be read.
};

/// Journals below `journal_folder`, oldest first; none when the folder is missing.
std::vector<JournalSurvey> survey_journals(const std::filesystem::path& journal_folder);

enum class RecoveryOutcome {
  delivered,  ///< Everything is in the store, the run ended, the journal removed.
  in_use,     ///< Its process lives, or somebody else delivers it.
  waiting,    ///< The store does not take it now; the journal stays.
  damaged,    ///< Nobody can tell where it belongs or how it is read; it stays as it is.
};

struct RecoveredJournal {
  std::string journal_id;
  RecoveryOutcome outcome = RecoveryOutcome::waiting;
  RunId run_id;
  RunStatus status = RunStatus::killed;  ///< As the run ended.
  std::uint64_t delivered_points = 0;    ///< Of the whole run.
  std::uint64_t refused = 0;
  std::uint64_t thinned = 0;
  std::uint64_t dropped = 0;
  std::uint64_t lost_artifacts = 0;
  std::string problem;  ///< For waiting and damaged.
  /// What of it could not be read; the rest is delivered. "file: what is wrong, from which byte
  /// on".
  std::vector<std::string> damage;
};

struct RecoveryOptions {
  Settings settings;        ///< Access to the stores; which store comes from each journal.
  Connections connections;  ///< Empty: the real ones.
  int attempts = 4;         ///< In a row that a store may fail before its journal is left waiting.
  std::chrono::milliseconds max_backoff{2'000};
  std::stop_token stop;  ///< Leaves what is not delivered yet where it is.
  /// Told after each journal, and while one is delivered.
  std::function<void(const RecoveredJournal&)> observer;
};

/// Delivers what processes left that are gone: their runs end as FAILED when they said so, else as
/// KILLED. Journals of living processes are not touched. Blocks; sleeps between attempts.
std::vector<RecoveredJournal> recover_journals(const std::filesystem::path& journal_folder,
                                               const RecoveryOptions& options, const Clock& clock);

}  // namespace liquid::tracking
