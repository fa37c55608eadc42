#include <optional>
#include <utility>

#include "tracking/transfer/run_copy.h"
#include "tracking/transfer/transfer.h"

namespace liquid::tracking {
namespace {

using transfer::RunShell;
using transfer::StoreJob;

Result<ExperimentId> make_experiment(StoreJob& job, const std::string& name) {
  return job.target.store.experiments().create(
      {.name = name, .artifact_location = "", .tags = job.source.experiment().tags});
}

Result<void> add_tags(StoreJob& job, const Experiment& there) {
  for (const Tag& tag : job.source.experiment().tags) {
    if (!transfer::tag_of(there.tags, tag.key).empty()) continue;
    Result<void> set = job.target.store.experiments().set_tag(there.id, tag);
    if (!set) return set;
  }
  return {};
}

Result<void> open_experiment(StoreJob& job) {
  const std::string& wanted = job.options.experiment_name;
  const std::string& name = wanted.empty() ? job.source.experiment().name : wanted;
  job.summary.experiment_name = name;
  const auto found = job.target.store.experiments().find(name);
  if (!found) return found.error();
  if (*found && (*found)->stage == LifecycleStage::deleted) {
    return Error{
        ErrorCode::invalid_state,
        "experiment '" + name + "' is in the target's trash: restore it or choose another"};
  }
  if (*found) {
    job.experiment = (*found)->id;
  } else {
    Result<ExperimentId> made = make_experiment(job, name);
    if (!made) return std::move(made).error();
    job.experiment = std::move(*made);
  }
  job.summary.experiment_id = job.experiment;
  return *found ? add_tags(job, **found) : Result<void>{};
}

// All places first: runs name other runs and models, models name runs.
Result<std::vector<RunShell>> open_places(StoreJob& job) {
  std::vector<RunShell> shells;
  for (const Run& run : job.source.runs()) {
    Result<RunShell> shell = transfer::open_shell(job, run);
    if (!shell) return std::move(shell).error().with_context("run " + run.info.id.str());
    shells.push_back(std::move(*shell));
  }
  for (const LoggedModel& model : job.source.models()) {
    if (Result<void> opened = transfer::open_model(job, model); !opened) {
      return std::move(opened).error();
    }
  }
  return shells;
}

Result<void> fill_places(StoreJob& job, const std::vector<RunShell>& shells) {
  const std::vector<Run>& runs = job.source.runs();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    job.report();
    Result<TransferredRun> done = transfer::fill_shell(job, runs[i], shells[i]);
    if (!done) return std::move(done).error();
    job.summary.runs.push_back(std::move(*done));
    job.report();
  }
  for (const LoggedModel& model : job.source.models()) {
    if (Result<void> filled = transfer::fill_model(job, model); !filled) return filled;
  }
  return transfer::copy_versions(job);
}

}  // namespace

Result<TransferSummary> transfer_to_store(TransferSource& source, const TransferTarget& target,
                                          const TransferOptions& options,
                                          const TransferObserver& observer) {
  StoreJob job{source, target, options};
  job.report = [&job, &observer] {
    if (!observer) return;
    observer({job.summary.runs.size(), job.source.runs().size(), job.summary});
  };
  if (Result<void> opened = open_experiment(job); !opened) return std::move(opened).error();
  const Result<std::vector<RunShell>> shells = open_places(job);
  if (!shells) return shells.error();
  if (Result<void> filled = fill_places(job, *shells); !filled) return std::move(filled).error();
  return std::move(job.summary);
}

}  // namespace liquid::tracking
