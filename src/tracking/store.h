#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"

// The store of experiment tracking: one interface in five parts, implemented over MLflow's SQLite
// file (tracking/sqlite) and over MLflow's REST API (tracking/rest). One test suite judges both.
//
// Errors of every call: not_found, conflict (exists already), invalid_argument, invalid_state (the
// thing's life cycle forbids the change), unavailable and deadline_exceeded (the same call may
// succeed later), unauthenticated, permission_denied, data_corrupt. Messages are MLflow's where
// MLflow documents one.
//
// All calls may be made from any thread; they block.

namespace liquid::tracking {

struct NewExperiment {
  std::string name{};
  std::string artifact_location{};  ///< Empty: below the store's artifact root.
  std::vector<Tag> tags{};
};

/// `filter`, `order_by` and tokens follow MLflow's search language (tracking/search.h).
struct ExperimentQuery {
  std::string filter{};
  std::vector<std::string> order_by{};
  ViewType view = ViewType::active_only;
  std::int64_t max_results = 1000;
  std::string page_token{};
};

class ExperimentStore {
 public:
  virtual ~ExperimentStore() = default;

  virtual Result<ExperimentId> create(const NewExperiment& experiment) = 0;
  /// Deleted ones too.
  virtual Result<Experiment> get(const ExperimentId& id) = 0;
  /// Nothing when no experiment, active or deleted, has the name; an active one is preferred.
  virtual Result<std::optional<Experiment>> find(std::string_view name) = 0;
  virtual Result<Page<Experiment>> search(const ExperimentQuery& query) = 0;
  virtual Result<void> rename(const ExperimentId& id, std::string_view name) = 0;
  /// To the trash, with its runs; `restore` takes both out again.
  virtual Result<void> remove(const ExperimentId& id) = 0;
  virtual Result<void> restore(const ExperimentId& id) = 0;
  virtual Result<void> set_tag(const ExperimentId& id, const Tag& tag) = 0;
  virtual Result<void> delete_tag(const ExperimentId& id, std::string_view key) = 0;
};

struct NewRun {
  ExperimentId experiment_id{};
  std::string user_id{};
  std::string name{};  ///< Empty: the store makes an adjective-noun-number.
  std::int64_t start_time_ms = 0;
  std::vector<Tag> tags{};
};

/// What is absent stays as it is.
struct RunUpdate {
  std::optional<RunStatus> status{};
  std::optional<std::int64_t> end_time_ms{};
  std::optional<std::string> name{};
};

struct RunQuery {
  std::vector<ExperimentId> experiment_ids{};
  std::string filter{};
  std::vector<std::string> order_by{};
  ViewType view = ViewType::active_only;
  std::int64_t max_results = 1000;
  std::string page_token{};
};

struct Batch {
  std::vector<Metric> metrics{};
  std::vector<Param> params{};
  std::vector<Tag> tags{};
};

struct HistoryQuery {
  RunId run_id{};
  std::string key{};
  std::optional<std::int64_t> max_results{};  ///< Absent: everything.
  std::string page_token{};
};

/// Points of one key of several runs, thinned to about `max_points` steps over all runs (MLflow's
/// get-history-bulk-interval).
struct SampledHistoryQuery {
  std::vector<RunId> run_ids{};
  std::string key{};
  std::int64_t max_points = 320;
  std::optional<std::int64_t> start_step{};
  std::optional<std::int64_t> end_step{};
};

class RunStore {
 public:
  virtual ~RunStore() = default;

  virtual Result<Run> create(const NewRun& run) = 0;
  /// Deleted ones too.
  virtual Result<Run> get(const RunId& id) = 0;
  virtual Result<RunInfo> update(const RunId& id, const RunUpdate& update) = 0;
  virtual Result<void> remove(const RunId& id) = 0;
  virtual Result<void> restore(const RunId& id) = 0;
  virtual Result<Page<Run>> search(const RunQuery& query) = 0;

  /// Any number of points, parameters and tags. The SQLite store writes all or nothing; the REST
  /// store sends parts of the documented size in order and stops at the first that fails. Sending a
  /// batch again is safe: repeated points and parameters are ignored.
  virtual Result<void> log_batch(const RunId& id, const Batch& batch) = 0;
  virtual Result<void> delete_tag(const RunId& id, std::string_view key) = 0;
  virtual Result<void> log_inputs(const RunId& id, const std::vector<DatasetInput>& datasets,
                                  const std::vector<ModelId>& models) = 0;
  virtual Result<void> log_outputs(const RunId& id, const std::vector<ModelOutput>& models) = 0;
  /// The record of a model that servers before 3.0 keep in a tag of the run; `model_json` is the
  /// MLmodel file as JSON.
  virtual Result<void> record_model(const RunId& id, std::string_view model_json) = 0;

  /// By time, step, value.
  virtual Result<Page<Metric>> metric_history(const HistoryQuery& query) = 0;
  virtual Result<std::vector<Metric>> sampled_history(const SampledHistoryQuery& query) = 0;
};

struct NewLoggedModel {
  ExperimentId experiment_id{};
  std::string name{};  ///< Empty: the store makes one.
  RunId source_run_id{};
  std::string model_type{};
  std::vector<Param> params{};
  std::vector<Tag> tags{};
};

struct LoggedModelOrder {
  std::string field{};  ///< "metrics.loss", "creation_timestamp", …
  bool ascending = true;
  std::string dataset_name{};
  std::string dataset_digest{};
};

struct LoggedModelQuery {
  std::vector<ExperimentId> experiment_ids{};
  std::string filter{};
  /// Name and digest only: limits conditions on metrics to these.
  std::vector<Dataset> datasets{};
  std::vector<LoggedModelOrder> order_by{};
  std::int64_t max_results = 100;
  std::string page_token{};
};

class LoggedModelStore {
 public:
  virtual ~LoggedModelStore() = default;

  virtual Result<LoggedModel> create(const NewLoggedModel& model) = 0;
  virtual Result<LoggedModel> get(const ModelId& id) = 0;
  /// Ends the upload: `ready` or `upload_failed`.
  virtual Result<LoggedModel> finalize(const ModelId& id, LoggedModelStatus status) = 0;
  virtual Result<void> remove(const ModelId& id) = 0;
  virtual Result<Page<LoggedModel>> search(const LoggedModelQuery& query) = 0;
  virtual Result<void> log_params(const ModelId& id, const std::vector<Param>& params) = 0;
  virtual Result<void> set_tags(const ModelId& id, const std::vector<Tag>& tags) = 0;
  virtual Result<void> delete_tag(const ModelId& id, std::string_view key) = 0;
};

struct NewRegisteredModel {
  std::string name{};
  std::string description{};
  std::vector<Tag> tags{};
};

/// For registered models and for versions.
struct RegistryQuery {
  std::string filter{};
  std::vector<std::string> order_by{};
  std::int64_t max_results = 100;
  std::string page_token{};
};

class RegisteredModelStore {
 public:
  virtual ~RegisteredModelStore() = default;

  virtual Result<RegisteredModel> create(const NewRegisteredModel& model) = 0;
  virtual Result<RegisteredModel> get(std::string_view name) = 0;
  virtual Result<RegisteredModel> describe(std::string_view name, std::string_view text) = 0;
  virtual Result<RegisteredModel> rename(std::string_view name, std::string_view new_name) = 0;
  /// For good, with all its versions.
  virtual Result<void> remove(std::string_view name) = 0;
  /// Prompts, which MLflow keeps among the models, are left out unless the filter names their tag.
  virtual Result<Page<RegisteredModel>> search(const RegistryQuery& query) = 0;
  virtual Result<void> set_tag(std::string_view name, const Tag& tag) = 0;
  virtual Result<void> delete_tag(std::string_view name, std::string_view key) = 0;
  virtual Result<void> set_alias(std::string_view name, const ModelAlias& alias) = 0;
  virtual Result<void> delete_alias(std::string_view name, std::string_view alias) = 0;
};

struct NewModelVersion {
  std::string name{};
  std::string source{};
  RunId run_id{};
  ModelId model_id{};
  std::string description{};
  std::string run_link{};
  std::vector<Tag> tags{};
};

struct VersionName {
  std::string name{};
  std::string version{};
};

enum class ArchiveExisting { no, yes };

class ModelVersionStore {
 public:
  virtual ~ModelVersionStore() = default;

  /// The next number of the name, which must exist.
  virtual Result<ModelVersion> create(const NewModelVersion& version) = 0;
  virtual Result<ModelVersion> get(const VersionName& version) = 0;
  virtual Result<ModelVersion> find_by_alias(std::string_view name, std::string_view alias) = 0;
  /// The newest of each stage; of all stages when `stages` is empty.
  virtual Result<std::vector<ModelVersion>> latest(std::string_view name,
                                                   const std::vector<Stage>& stages) = 0;
  virtual Result<ModelVersion> describe(const VersionName& version, std::string_view text) = 0;
  virtual Result<ModelVersion> transition(const VersionName& version, Stage stage,
                                          ArchiveExisting archive) = 0;
  virtual Result<void> remove(const VersionName& version) = 0;
  virtual Result<Page<ModelVersion>> search(const RegistryQuery& query) = 0;
  /// Where its files are.
  virtual Result<std::string> download_uri(const VersionName& version) = 0;
  virtual Result<void> set_tag(const VersionName& version, const Tag& tag) = 0;
  virtual Result<void> delete_tag(const VersionName& version, std::string_view key) = 0;
};

/// A tracking store and model registry. The parts live as long as the store.
class Store {
 public:
  virtual ~Store() = default;

  virtual ExperimentStore& experiments() = 0;
  virtual RunStore& runs() = 0;
  virtual LoggedModelStore& logged_models() = 0;
  virtual RegisteredModelStore& registered_models() = 0;
  virtual ModelVersionStore& model_versions() = 0;
};

}  // namespace liquid::tracking
