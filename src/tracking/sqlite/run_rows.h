#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/sqlite/connection.h"

// Reading rows of runs, for all parts of the store that need one.

namespace liquid::tracking::sqlite {

/// Errors: not_found.
Result<RunInfo> read_run_info(Connection& connection, const RunId& id);

/// The same; a deleted run is invalid_argument.
Result<RunInfo> require_active_run(Connection& connection, const RunId& id);

/// With latest metrics, parameters, tags, inputs and outputs. Errors: not_found.
Result<Run> read_run(Connection& connection, const RunId& id);

/// Several at once, in the order of the ids, which must differ; far cheaper than one by one.
Result<std::vector<Run>> read_runs(Connection& connection, const std::vector<RunId>& ids);

/// The columns value, timestamp, step, is_nan from column `first` on.
Metric metric_of(const Query& row, int first, std::string_view key);

Result<std::optional<std::string>> read_run_tag(Connection& connection, const RunId& id,
                                                std::string_view key);
Result<void> put_run_tag(Connection& connection, const RunId& id, const Tag& tag);

/// A run's name stands in its row and in its tag "mlflow.runName".
Result<void> put_run_name(Connection& connection, const RunId& id, std::string_view name);

inline constexpr std::string_view kRunNameTag = "mlflow.runName";

}  // namespace liquid::tracking::sqlite
