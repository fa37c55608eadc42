#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/store.h"

// What MLflow demands of experiments, runs and what is logged into them. All errors:
// invalid_argument with MLflow's messages. Lengths are counted in characters, not bytes.

namespace liquid::tracking::sqlite {

enum class LongValues { truncate, refuse };

Result<void> check_experiment_name(std::string_view name);
Result<void> check_artifact_location(std::string_view location);
Result<void> check_experiment_tag(const Tag& tag);

/// "12" → 12.
Result<std::int64_t> experiment_number(const ExperimentId& id);

/// The metric at `index` of `count` in a batch.
Result<void> check_metric(const Metric& metric, std::size_t index, std::size_t count);
/// Keys and values; values too long are cut or refused. A parameter given twice with two values is
/// refused.
Result<void> check_params(std::vector<Param>& params, LongValues long_values);
Result<void> check_tags(std::vector<Tag>& tags, LongValues long_values);
Result<void> check_dataset_input(const DatasetInput& input);

}  // namespace liquid::tracking::sqlite
