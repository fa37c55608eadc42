#include "tracking/transfer/run_copy.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "tracking/transfer/artifact_copy.h"

namespace liquid::tracking::transfer {
namespace {

std::string short_id(const RunId& id) { return id.str().substr(0, 8); }

Result<std::optional<Run>> find_copy(StoreJob& job, const std::string& origin) {
  RunQuery query{.experiment_ids = {job.experiment},
                 .filter = tag_filter(kSourceRun, origin),
                 .view = ViewType::all,
                 .max_results = 1};
  Result<Page<Run>> page = job.target.store.runs().search(query);
  if (!page) return std::move(page).error();
  if (page->items.empty()) return std::optional<Run>{};
  // Whole: what servers find comes without the models that went in and out.
  Result<Run> run = job.target.store.runs().get(page->items.front().info.id);
  if (!run) return std::move(run).error();
  return std::optional<Run>(std::move(*run));
}

// A copy that comes home finds the run it was made of.
bool is_home(StoreJob& job, const std::string& origin) {
  const Result<Run> run = job.target.store.runs().get(RunId(origin));
  return run && run->info.experiment_id == job.experiment;
}

Result<Run> make_copy(StoreJob& job, const Run& run, const std::string& origin) {
  NewRun made;
  made.experiment_id = job.experiment;
  made.user_id = run.info.user_id;
  made.name = run.info.name;
  made.start_time_ms = run.info.start_time_ms;
  made.tags = {{std::string(kSourceRun), origin},
               {std::string(kSourceStore), job.source.address()}};
  return job.target.store.runs().create(made);
}

// "bare" copies have no files yet.
std::string state_text(const StoreJob& job, const Run& run, const std::string& before) {
  const bool has_files =
      job.options.artifacts == ArtifactTransfer::copy || before.ends_with(" with artifacts");
  return fingerprint(run) + (has_files ? " with artifacts" : " without artifacts");
}

// The parent may have been copied in an earlier transfer.
std::string new_parent(StoreJob& job, const std::string& parent) {
  if (const auto known = job.ids.find(parent); known != job.ids.end()) return known->second;
  const auto copy = find_copy(job, parent);
  return copy && *copy ? (*copy)->info.id.str() : parent;
}

std::vector<Tag> tags_for(StoreJob& job, const Run& run) {
  std::vector<Tag> tags;
  for (const Tag& tag : run.tags) {
    if (is_mark(tag.key)) continue;
    Tag copy = tag;
    if (tag.key == kParent) copy.value = new_parent(job, tag.value);
    if (tag.key == kModelHistory) copy.value = translated(tag.value, job.ids);
    tags.push_back(std::move(copy));
  }
  return tags;
}

ModelId new_model(const StoreJob& job, const ModelId& id) {
  const auto known = job.ids.find(id.str());
  return known == job.ids.end() ? ModelId{} : ModelId(known->second);
}

// A run or model that this one names may have been copied later than it.
bool has_open_links(StoreJob& job, const Run& run, const Run& there) {
  for (const Tag& tag : tags_for(job, run)) {
    const bool names_ids = tag.key == kParent || tag.key == kModelHistory;
    if (names_ids && tag_of(there.tags, tag.key) != tag.value) return true;
  }
  for (const ModelId& id : run.model_inputs) {
    const ModelId known = new_model(job, id);
    if (!known.empty() && std::find(there.model_inputs.begin(), there.model_inputs.end(), known) ==
                              there.model_inputs.end()) {
      return true;
    }
  }
  return false;
}

bool is_complete(StoreJob& job, const Run& run, const Run& there) {
  const std::string state = tag_of(there.tags, kState);
  const bool may_grow =
      run.info.status == RunStatus::running && run.info.stage == LifecycleStage::active;
  return !may_grow && state.starts_with(fingerprint(run)) && !has_open_links(job, run, there);
}

Result<void> copy_links(StoreJob& job, const Run& run, const RunId& to) {
  std::vector<ModelId> inputs;
  for (const ModelId& id : run.model_inputs) {
    if (const ModelId known = new_model(job, id); !known.empty()) inputs.push_back(known);
  }
  RunStore& runs = job.target.store.runs();
  if (!run.dataset_inputs.empty() || !inputs.empty()) {
    if (Result<void> sent = runs.log_inputs(to, run.dataset_inputs, inputs); !sent) return sent;
  }
  std::vector<ModelOutput> outputs;
  for (const ModelOutput& output : run.model_outputs) {
    const ModelId known = new_model(job, output.model_id);
    if (!known.empty()) outputs.push_back({known, output.step});
  }
  if (outputs.empty()) return {};
  return runs.log_outputs(to, outputs);
}

using PointCounts = std::map<std::string, std::uint64_t>;
using PointKey = std::tuple<std::int64_t, std::int64_t, std::uint64_t>;

// Stores keep equal points once. Keys come one after the other, or in any order from a folder.
class PointCounter {
 public:
  void add(const Metric& point) {
    const double value = point.value == 0 ? 0 : point.value;  // -0 and 0 are one value
    seen_[point.key].insert({point.timestamp_ms, point.step, std::bit_cast<std::uint64_t>(value)});
  }
  std::uint64_t count(const std::string& key) const { return seen_.at(key).size(); }
  const auto& keys() const { return seen_; }

 private:
  std::map<std::string, std::set<PointKey>> seen_;
};

Result<std::uint64_t> count_points(RunStore& runs, const RunId& id, const std::string& key) {
  std::uint64_t count = 0;
  HistoryQuery query{.run_id = id, .key = key, .max_results = 25'000, .page_token = ""};
  do {
    Result<Page<Metric>> page = runs.metric_history(query);
    if (!page) return std::move(page).error();
    count += page->items.size();
    query.page_token = std::move(page->next_page_token);
  } while (!query.page_token.empty());
  return count;
}

Result<void> check_counts(RunStore& runs, const RunId& id, const PointCounter& sent) {
  for (const auto& [key, points] : sent.keys()) {
    const Result<std::uint64_t> there = count_points(runs, id, key);
    if (!there) return there.error();
    if (*there >= points.size()) continue;
    return Error{ErrorCode::data_corrupt,
                 "metric '" + key + "' has " + std::to_string(points.size()) +
                     " points at the source, " + std::to_string(*there) + " of them arrived"};
  }
  return {};
}

Result<void> copy_points(StoreJob& job, const Run& run, const RunId& to) {
  RunStore& runs = job.target.store.runs();
  PointCounter counter;
  Result<void> sent = job.source.read_points(run, [&](std::vector<Metric> points) {
    for (Metric& point : points) {
      counter.add(point);
      point.run_id = {};
      point.model_id = {};  // those of models come with the model
    }
    job.summary.points += points.size();
    return runs.log_batch(to, {.metrics = std::move(points), .params = {}, .tags = {}});
  });
  if (!sent) return sent;
  return check_counts(runs, to, counter);
}

Result<void> copy_content(StoreJob& job, const Run& run, const RunId& to) {
  Result<void> step = job.target.store.runs().log_batch(
      to, {.metrics = {}, .params = run.params, .tags = tags_for(job, run)});
  if (step) step = copy_links(job, run, to);
  if (step) step = copy_points(job, run, to);
  return step;
}

Result<void> finish(StoreJob& job, const Run& run, const Run& there) {
  RunStore& runs = job.target.store.runs();
  RunUpdate update{.status = run.info.status, .end_time_ms = run.info.end_time_ms, .name = {}};
  if (there.info.name != run.info.name && !run.info.name.empty()) update.name = run.info.name;
  const Result<RunInfo> updated = runs.update(there.info.id, update);
  if (!updated) return updated.error();
  const std::string state = state_text(job, run, tag_of(there.tags, kState));
  return runs.log_batch(there.info.id,
                        {.metrics = {}, .params = {}, .tags = {{std::string(kState), state}}});
}

bool is_deleted(const Run& run) { return run.info.stage == LifecycleStage::deleted; }

}  // namespace

Result<RunShell> open_shell(StoreJob& job, const Run& run) {
  const std::string origin = origin_of(run);
  Result<std::optional<Run>> found = find_copy(job, origin);
  if (!found) return std::move(found).error();
  RunShell shell;
  if (*found) {
    shell.there = std::move(*found);
  } else if (is_home(job, origin)) {
    shell.note = "the target has the run it is a copy of";
    return shell;
  } else {
    Result<Run> made = make_copy(job, run, origin);
    if (!made) return std::move(made).error();
    shell.there = std::move(*made);
    shell.is_new = true;
  }
  job.ids[run.info.id.str()] = shell.there->info.id.str();
  job.ids[origin] = shell.there->info.id.str();
  if (!is_deleted(*shell.there) || is_deleted(run)) return shell;
  shell.there.reset();
  shell.note = "its copy is in the target's trash";
  return shell;
}

Result<TransferredRun> fill_shell(StoreJob& job, const Run& run, const RunShell& shell) {
  TransferredRun result{.from = run.info.id, .to = {}, .name = run.info.name, .note = shell.note};
  result.outcome = TransferOutcome::skipped;
  if (!shell.there) return result;
  const Run& there = *shell.there;
  result.to = there.info.id;
  const std::uint64_t files_before = job.summary.files;
  const bool complete = is_complete(job, run, there);
  RunStore& runs = job.target.store.runs();
  Result<void> step;
  // A deleted run takes nothing in.
  if (is_deleted(there) && !complete) step = runs.restore(there.info.id);
  if (step && !complete) step = copy_content(job, run, there.info.id);
  if (step) step = copy_files(job, job.source.artifacts(run), there.info.artifact_uri);
  const bool was_bare = state_text(job, run, "") != tag_of(there.tags, kState);
  if (step && !is_deleted(there) && (!complete || was_bare)) step = finish(job, run, there);
  if (step && is_deleted(there) && !complete) step = finish(job, run, there);
  if (step && is_deleted(run) && (!is_deleted(there) || !complete)) {
    step = runs.remove(there.info.id);
  }
  if (!step) return std::move(step).error().with_context("run " + short_id(run.info.id));
  result.outcome = shell.is_new ? TransferOutcome::copied : TransferOutcome::continued;
  if (complete && job.summary.files == files_before) result.outcome = TransferOutcome::unchanged;
  return result;
}

Result<void> copy_files(StoreJob& job, Result<ArtifactOrigin> from, const std::string& to) {
  if (job.options.artifacts == ArtifactTransfer::leave) return {};
  if (!from) return std::move(from).error().with_context("artifacts of the source");
  auto target = open_artifacts(to, job.target.settings);
  if (!target) return std::move(target).error().with_context("artifacts of the target");
  Result<void> copied = copy_artifacts({*from, **target, job.ids, [&job](std::uint64_t bytes) {
                                          ++job.summary.files;
                                          job.summary.bytes += bytes;
                                          job.report();
                                        }});
  if (!copied) return std::move(copied).error().with_context("artifacts");
  return {};
}

}  // namespace liquid::tracking::transfer
