#pragma once

#include <vector>

#include "base/result.h"
#include "tracking/sqlite/connection.h"
#include "tracking/store.h"

namespace liquid::tracking::sqlite {

/// Errors: invalid_argument (page token).
Result<Page<Metric>> read_history(Connection& connection, const HistoryQuery& query);

/// For each run up to `max_points` of its points, evenly spaced over them, the last one always with
/// them, as MLflow 3.17 samples them. Errors: invalid_argument (half a range).
Result<std::vector<Metric>> read_sampled_history(Connection& connection,
                                                 const SampledHistoryQuery& query);

}  // namespace liquid::tracking::sqlite
