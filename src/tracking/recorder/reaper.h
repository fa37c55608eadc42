#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/store.h"

namespace liquid::tracking {

struct ReapOptions {
  std::vector<ExperimentId> experiments;  ///< Empty: all active ones.
  /// A run of another host, or of an earlier boot of this one, is given up when its heartbeat is
  /// older than this many of its own intervals. Hosts' clocks are compared: keep it well above
  /// their difference.
  std::int64_t silent_intervals = 20;
  enum class Mode { end_runs, only_tell } mode = Mode::end_runs;
};

struct ReapedRun {
  RunId id;
  std::string name;
  std::string host;
  std::int64_t pid = 0;
  std::int64_t last_heartbeat_ms = 0;
};

/// Ends as KILLED every RUNNING run with a heartbeat whose process is gone: on this host when no
/// process with its pid and start time exists, elsewhere when it has been silent for too long. Runs
/// without a heartbeat, which other programs made, are never touched. The end time is that of the
/// last heartbeat. Errors: those of the store.
Result<std::vector<ReapedRun>> reap_runs(Store& store, const ReapOptions& options,
                                         const Clock& clock);

}  // namespace liquid::tracking
