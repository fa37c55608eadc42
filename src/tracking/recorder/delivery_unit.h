#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tracking/recorder/operation.h"
#include "tracking/store.h"

namespace liquid::tracking::recorder {

/// Some frames' entries, sorted into calls to a store. Doing all of it again is harmless, so it is
/// the unit in which a journal is delivered.
struct DeliveryUnit {
  Batch batch;
  /// Second and later values of a parameter in this unit: MLflow refuses a request that names one
  /// twice. (The store decides; it refuses a changed value.)
  std::vector<Param> later_params;
  std::vector<DatasetInput> datasets;
  std::vector<ModelId> used_models;
  std::vector<ModelOutput> made_models;
  std::vector<ArtifactNote> artifacts;
  std::vector<TextNote> texts;
  std::optional<RunEnd> end;
  std::optional<LossNote> losses;
  std::int64_t last_time_ms = 0;
  std::size_t entries = 0;
  std::unordered_map<std::string, std::int64_t> last_steps;  ///< By metric key.

  void add(Operation&& operation);

 private:
  void take(Metric&& point);
  void take(Param&& param);
  void take(Tag&& tag);
  void take(DatasetInput&& input) { datasets.push_back(std::move(input)); }
  void take(ModelInput&& input) { used_models.push_back(std::move(input.model_id)); }
  void take(ModelOutput&& output) { made_models.push_back(std::move(output)); }
  void take(ArtifactNote&& note) { artifacts.push_back(std::move(note)); }
  void take(TextNote&& note) { texts.push_back(std::move(note)); }
  void take(RunEnd&& run_end);
  void take(LossNote&& note) { losses = note; }

  std::unordered_map<std::string, std::size_t> params_;  // places in batch.params
  std::unordered_map<std::string, std::size_t> tags_;    // places in batch.tags
};

}  // namespace liquid::tracking::recorder
