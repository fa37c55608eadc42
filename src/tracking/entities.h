#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"

// The things experiment tracking talks about, as plain values. Names and meanings are MLflow's; all
// times are milliseconds since 1970 UTC.

namespace liquid::tracking {

using ExperimentId = Id<struct ExperimentIdTag>;  ///< Decimal digits on most servers.
using RunId = Id<struct RunIdTag>;                ///< 32 hexadecimal digits.
using ModelId = Id<struct ModelIdTag>;            ///< Of a logged model: "m-" and 32 hex digits.

enum class LifecycleStage { active, deleted };
enum class ViewType { active_only, deleted_only, all };
enum class RunStatus { running, scheduled, finished, failed, killed };
enum class LoggedModelStatus { unspecified, pending, ready, upload_failed };
enum class ModelVersionStatus { pending_registration, failed_registration, ready };
enum class Stage { none, staging, production, archived };

struct Tag {
  std::string key;
  std::string value;
  bool operator==(const Tag&) const = default;
};

struct Param {
  std::string key;
  std::string value;
  bool operator==(const Param&) const = default;
};

/// One point of a curve. NaN and infinities are values like any other here; how a store keeps them
/// is its own matter (MLflow keeps ±infinity as ±1.797e308).
struct Metric {
  std::string key{};
  double value = 0.0;
  std::int64_t timestamp_ms = 0;
  std::int64_t step = 0;
  ModelId model_id{};          ///< Empty unless the point also belongs to a logged model.
  std::string dataset_name{};  ///< Name and digest come together or not at all.
  std::string dataset_digest{};
  RunId run_id{};  ///< Filled in by stores where one answer covers several runs.
};

struct Experiment {
  ExperimentId id;
  std::string name;
  std::string artifact_location;
  LifecycleStage stage = LifecycleStage::active;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::vector<Tag> tags;  ///< By key.
};

struct RunInfo {
  RunId id;
  ExperimentId experiment_id;
  std::string name;
  std::string user_id;
  RunStatus status = RunStatus::running;
  std::int64_t start_time_ms = 0;
  std::optional<std::int64_t> end_time_ms;
  std::string artifact_uri;
  LifecycleStage stage = LifecycleStage::active;
};

struct Dataset {
  std::string name{};
  std::string digest{};
  std::string source_type{};
  std::string source{};
  std::string schema{};   ///< Empty: not known.
  std::string profile{};  ///< Empty: not known.
};

struct DatasetInput {
  Dataset dataset{};
  std::vector<Tag> tags{};  ///< "mlflow.data.context" says what it was used for.
};

struct ModelOutput {
  ModelId model_id;
  std::int64_t step = 0;
};

/// A run with its latest metrics (one per key: the greatest by step, time, value), parameters and
/// tags, each sorted by key.
struct Run {
  RunInfo info;
  std::vector<Metric> metrics;
  std::vector<Param> params;
  std::vector<Tag> tags;
  std::vector<DatasetInput> dataset_inputs;
  std::vector<ModelId> model_inputs;
  std::vector<ModelOutput> model_outputs;
};

struct LoggedModel {
  ModelId id;
  ExperimentId experiment_id;
  std::string name;
  std::string artifact_uri;
  LoggedModelStatus status = LoggedModelStatus::pending;
  std::string status_message;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::string model_type;
  RunId source_run_id;  ///< Empty when no run made it.
  std::vector<Tag> tags;
  std::vector<Param> params;
  std::vector<Metric> metrics;
};

struct ModelAlias {
  std::string alias;
  std::string version;
  bool operator==(const ModelAlias&) const = default;
};

/// `version` counts from 1 and is text on the wire.
struct ModelVersion {
  std::string name;
  std::string version;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::string user_id;
  Stage stage = Stage::none;
  std::string description;
  std::string source;
  RunId run_id;
  std::string run_link;
  ModelVersionStatus status = ModelVersionStatus::ready;
  std::string status_message;
  std::vector<Tag> tags;
  std::vector<std::string> aliases;
  ModelId model_id;
};

struct RegisteredModel {
  std::string name;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::string description;
  std::vector<ModelVersion> latest_versions;  ///< The newest of each stage that has one.
  std::vector<Tag> tags;
  std::vector<ModelAlias> aliases;
};

/// One entry of an artifact listing. `path` is relative to the root that was listed.
struct FileInfo {
  std::string path;
  bool is_folder = false;
  std::optional<std::uint64_t> size;  ///< Bytes; absent for folders and where a store cannot tell.
  bool operator==(const FileInfo&) const = default;
};

/// A part of a longer answer; an empty token says that this was the last part.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;
};

}  // namespace liquid::tracking
