#include "tracking/recorder/reaper.h"

#include <chrono>
#include <optional>
#include <utility>

#include "tracking/recorder/heartbeat.h"

namespace liquid::tracking {
namespace {

std::optional<recorder::Heartbeat> heartbeat_of(const Run& run) {
  for (const Tag& tag : run.tags) {
    if (tag.key == recorder::kHeartbeatTag) return recorder::parse_heartbeat(tag.value);
  }
  return std::nullopt;
}

bool is_gone(const recorder::Heartbeat& beat, std::int64_t now_ms, std::int64_t silent_intervals) {
  switch (recorder::liveness_of(beat.process)) {
    case recorder::Liveness::alive: return false;
    case recorder::Liveness::gone: return true;
    case recorder::Liveness::unknown: break;
  }
  return (now_ms - beat.time_ms) / beat.interval_ms >= silent_intervals;
}

Result<std::vector<ExperimentId>> all_experiments(Store& store) {
  std::vector<ExperimentId> ids;
  ExperimentQuery query;
  do {
    const Result<Page<Experiment>> page = store.experiments().search(query);
    if (!page) return page.error();
    for (const Experiment& experiment : page->items) ids.push_back(experiment.id);
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return ids;
}

// All pages first: ending runs changes what the later pages would be.
Result<std::vector<Run>> running_runs(Store& store, std::vector<ExperimentId> experiments) {
  std::vector<Run> runs;
  RunQuery query;
  query.experiment_ids = std::move(experiments);
  query.filter = "attributes.status = 'RUNNING'";
  if (query.experiment_ids.empty()) return runs;
  do {
    Result<Page<Run>> page = store.runs().search(query);
    if (!page) return std::move(page).error();
    for (Run& run : page->items) runs.push_back(std::move(run));
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return runs;
}

}  // namespace

Result<std::vector<ReapedRun>> reap_runs(Store& store, const ReapOptions& options,
                                         const Clock& clock) {
  Result<std::vector<ExperimentId>> experiments = options.experiments;
  if (options.experiments.empty()) experiments = all_experiments(store);
  if (!experiments) return std::move(experiments).error();
  const Result<std::vector<Run>> runs = running_runs(store, std::move(*experiments));
  if (!runs) return runs.error();
  const std::int64_t now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch())
          .count();
  std::vector<ReapedRun> reaped;
  for (const Run& run : *runs) {
    const std::optional<recorder::Heartbeat> beat = heartbeat_of(run);
    if (!beat || !is_gone(*beat, now_ms, options.silent_intervals)) continue;
    if (options.mode == ReapOptions::Mode::end_runs) {
      const Result<RunInfo> ended = store.runs().update(
          run.info.id, {.status = RunStatus::killed, .end_time_ms = beat->time_ms, .name = {}});
      if (!ended) return ended.error();
    }
    reaped.push_back(
        {run.info.id, run.info.name, beat->process.host, beat->process.pid, beat->time_ms});
  }
  return reaped;
}

}  // namespace liquid::tracking
