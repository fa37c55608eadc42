#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tracking/recorder/connections.h"
#include "tracking/store.h"

// For tests: a tracking store in memory that can be told to fail. It keeps MLflow's rules that a
// recorder leans on: repeated points are one point, parameters are written once.

namespace liquid::tracking::testing {

inline Error not_kept() { return {ErrorCode::unsupported, "this store keeps runs only"}; }

/// What all connections to one store share. Any thread.
class MemoryServer {
 public:
  using PointKey = std::tuple<std::string, std::int64_t, std::int64_t, double>;
  struct Kept {
    Run run;
    std::map<PointKey, int> points;  // key, step, time, value → how often it was sent
    std::map<std::string, std::string> params;
    std::map<std::string, std::string> tags;
    std::vector<DatasetInput> datasets;
    std::vector<ModelOutput> outputs;
  };
  /// Asked before and after a call is carried out; an error becomes the call's answer.
  using Fault = std::function<std::optional<Error>(const std::string& call)>;

  void set_faults(Fault before_call, Fault after_call) {
    const std::lock_guard lock(mutex_);
    before_ = std::move(before_call);
    after_ = std::move(after_call);
  }
  void refuse_key(const std::string& key) {
    const std::lock_guard lock(mutex_);
    refused_keys_.insert(key);
  }

  template <typename Function>
  auto with(Function&& function) {
    const std::lock_guard lock(mutex_);
    return function(runs_);
  }
  std::vector<Kept> runs() {
    const std::lock_guard lock(mutex_);
    std::vector<Kept> all;
    for (const auto& [id, kept] : runs_) all.push_back(kept);
    return all;
  }
  std::vector<Experiment> experiments() {
    const std::lock_guard lock(mutex_);
    return experiments_;
  }
  int calls(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return calls_[name];
  }

 private:
  friend class MemoryRuns;
  friend class MemoryExperiments;

  // `work` runs under the lock between the two faults.
  template <typename Work>
  auto call(const std::string& name, Work&& work) -> decltype(work()) {
    const std::lock_guard lock(mutex_);
    ++calls_[name];
    if (before_) {
      if (auto error = before_(name)) return std::move(*error);
    }
    auto answer = work();
    if (after_) {
      if (auto error = after_(name)) return std::move(*error);
    }
    return answer;
  }

  std::mutex mutex_;
  std::map<std::string, Kept> runs_;
  std::vector<Experiment> experiments_;
  std::set<std::string> refused_keys_;
  std::map<std::string, int> calls_;
  Fault before_;
  Fault after_;
};

class MemoryExperiments final : public ExperimentStore {
 public:
  explicit MemoryExperiments(MemoryServer& server) : server_(server) {}

  Result<ExperimentId> create(const NewExperiment& experiment) override {
    return server_.call("experiments.create", [&]() -> Result<ExperimentId> {
      for (const Experiment& known : server_.experiments_) {
        if (known.name == experiment.name) return Error{ErrorCode::conflict, "exists"};
      }
      Experiment made;
      made.id = ExperimentId(std::to_string(server_.experiments_.size() + 1));
      made.name = experiment.name;
      server_.experiments_.push_back(made);
      return made.id;
    });
  }
  Result<Experiment> get(const ExperimentId& id) override {
    return server_.call("experiments.get", [&]() -> Result<Experiment> {
      for (const Experiment& known : server_.experiments_) {
        if (known.id == id) return known;
      }
      return Error{ErrorCode::not_found, "no experiment " + id.str()};
    });
  }
  Result<std::optional<Experiment>> find(std::string_view name) override {
    return server_.call("experiments.find", [&]() -> Result<std::optional<Experiment>> {
      for (const Experiment& known : server_.experiments_) {
        if (known.name == name) return std::optional(known);
      }
      return std::optional<Experiment>();
    });
  }
  Result<Page<Experiment>> search(const ExperimentQuery&) override {
    return server_.call("experiments.search", [&]() -> Result<Page<Experiment>> {
      return Page<Experiment>{server_.experiments_, ""};
    });
  }
  Result<void> rename(const ExperimentId&, std::string_view) override { return not_kept(); }
  Result<void> remove(const ExperimentId&) override { return not_kept(); }
  Result<void> restore(const ExperimentId&) override { return not_kept(); }
  Result<void> set_tag(const ExperimentId&, const Tag&) override { return not_kept(); }
  Result<void> delete_tag(const ExperimentId&, std::string_view) override { return not_kept(); }

 private:
  MemoryServer& server_;
};

class MemoryRuns final : public RunStore {
 public:
  explicit MemoryRuns(MemoryServer& server) : server_(server) {}

  Result<Run> create(const NewRun& run) override {
    return server_.call("runs.create", [&]() -> Result<Run> {
      MemoryServer::Kept kept;
      const std::string id = "run" + std::to_string(server_.runs_.size());
      kept.run.info.id = RunId(id);
      kept.run.info.experiment_id = run.experiment_id;
      kept.run.info.name = run.name;
      kept.run.info.start_time_ms = run.start_time_ms;
      kept.run.info.artifact_uri = "memory:" + id;
      for (const Tag& tag : run.tags) kept.tags[tag.key] = tag.value;
      server_.runs_[id] = kept;
      return whole(kept);
    });
  }
  Result<Run> get(const RunId& id) override {
    return server_.call("runs.get", [&]() -> Result<Run> {
      const auto found = server_.runs_.find(id.str());
      if (found == server_.runs_.end()) return Error{ErrorCode::not_found, "no run " + id.str()};
      return whole(found->second);
    });
  }
  Result<RunInfo> update(const RunId& id, const RunUpdate& update) override {
    return server_.call("runs.update", [&]() -> Result<RunInfo> {
      const auto found = server_.runs_.find(id.str());
      if (found == server_.runs_.end()) return Error{ErrorCode::not_found, "no run " + id.str()};
      RunInfo& info = found->second.run.info;
      if (update.status) info.status = *update.status;
      if (update.end_time_ms) info.end_time_ms = update.end_time_ms;
      return info;
    });
  }
  Result<void> remove(const RunId& id) override { return set_stage(id, LifecycleStage::deleted); }
  Result<void> restore(const RunId& id) override { return set_stage(id, LifecycleStage::active); }
  /// Knows two filters: that for a journal's tag and that for running runs.
  Result<Page<Run>> search(const RunQuery& query) override {
    return server_.call("runs.search", [&]() -> Result<Page<Run>> {
      Page<Run> page;
      for (const auto& [id, kept] : server_.runs_) {
        const bool wanted = query.filter.starts_with("attributes.status")
                                ? kept.run.info.status == RunStatus::running
                                : has_journal(kept, query.filter);
        if (wanted && kept.run.info.stage == LifecycleStage::active) {
          page.items.push_back(whole(kept));
        }
      }
      return page;
    });
  }
  Result<void> log_batch(const RunId& id, const Batch& batch) override {
    return server_.call("runs.log_batch", [&]() -> Result<void> {
      const auto found = server_.runs_.find(id.str());
      if (found == server_.runs_.end()) return Error{ErrorCode::not_found, "no run " + id.str()};
      return keep(found->second, batch);
    });
  }
  Result<void> delete_tag(const RunId& id, std::string_view key) override {
    return server_.call("runs.delete_tag", [&]() -> Result<void> {
      if (server_.runs_[id.str()].tags.erase(std::string(key)) == 1) return {};
      return Error{ErrorCode::not_found, "no tag " + std::string(key)};
    });
  }
  Result<void> log_inputs(const RunId& id, const std::vector<DatasetInput>& datasets,
                          const std::vector<ModelId>&) override {
    return server_.call("runs.log_inputs", [&]() -> Result<void> {
      for (const DatasetInput& input : datasets) server_.runs_[id.str()].datasets.push_back(input);
      return {};
    });
  }
  Result<void> log_outputs(const RunId& id, const std::vector<ModelOutput>& models) override {
    return server_.call("runs.log_outputs", [&]() -> Result<void> {
      for (const ModelOutput& output : models) server_.runs_[id.str()].outputs.push_back(output);
      return {};
    });
  }
  Result<void> record_model(const RunId&, std::string_view) override { return not_kept(); }
  Result<Page<Metric>> metric_history(const HistoryQuery&) override { return not_kept(); }
  Result<std::vector<Metric>> sampled_history(const SampledHistoryQuery&) override {
    return not_kept();
  }

 private:
  static Run whole(const MemoryServer::Kept& kept) {
    Run run = kept.run;
    for (const auto& [key, value] : kept.tags) run.tags.push_back({key, value});
    return run;
  }
  static bool has_journal(const MemoryServer::Kept& kept, const std::string& filter) {
    const auto tag = kept.tags.find("liquid.journal_id");
    return tag != kept.tags.end() && filter.find("'" + tag->second + "'") != std::string::npos;
  }
  Result<void> set_stage(const RunId& id, LifecycleStage stage) {
    return server_.call("runs.remove", [&]() -> Result<void> {
      server_.runs_[id.str()].run.info.stage = stage;
      return {};
    });
  }
  // All or nothing, as the SQLite store does it.
  Result<void> keep(MemoryServer::Kept& kept, const Batch& batch) {
    if (kept.run.info.stage == LifecycleStage::deleted) {
      return Error{ErrorCode::invalid_argument, "the run must be active"};
    }
    for (const Metric& point : batch.metrics) {
      if (server_.refused_keys_.contains(point.key)) {
        return Error{ErrorCode::invalid_argument, "invalid metric name " + point.key};
      }
    }
    for (const Param& param : batch.params) {
      const auto known = kept.params.find(param.key);
      if (known != kept.params.end() && known->second != param.value) {
        return Error{ErrorCode::invalid_argument, "changing a parameter is not allowed"};
      }
    }
    for (const Metric& point : batch.metrics) {
      ++kept.points[{point.key, point.step, point.timestamp_ms, point.value}];
    }
    for (const Param& param : batch.params) kept.params[param.key] = param.value;
    for (const Tag& tag : batch.tags) kept.tags[tag.key] = tag.value;
    return {};
  }

  MemoryServer& server_;
};

/// One connection.
class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryServer> server)
      : server_(std::move(server)), experiments_(*server_), runs_(*server_) {}

  ExperimentStore& experiments() override { return experiments_; }
  RunStore& runs() override { return runs_; }
  // A recorder uses no other part.
  LoggedModelStore& logged_models() override { std::abort(); }
  RegisteredModelStore& registered_models() override { std::abort(); }
  ModelVersionStore& model_versions() override { std::abort(); }

 private:
  std::shared_ptr<MemoryServer> server_;
  MemoryExperiments experiments_;
  MemoryRuns runs_;
};

/// Artifacts go into a folder.
inline Connections connect_to(const std::shared_ptr<MemoryServer>& server,
                              const std::string& artifact_folder) {
  return {.store = [server](const Settings&) -> Result<std::unique_ptr<Store>> {
            return std::unique_ptr<Store>(std::make_unique<MemoryStore>(server));
          },
          .artifacts =
              [artifact_folder](const std::string&, const Settings& settings) {
                return open_artifacts(artifact_folder, settings);
              }};
}

}  // namespace liquid::tracking::testing
