#pragma once

#include <vector>

#include "base/result.h"
#include "tracking/sqlite/connection.h"
#include "tracking/store.h"

namespace liquid::tracking::sqlite {

/// Writes a checked batch into an active run. Errors: invalid_argument (a parameter has another
/// value already), those of the database.
Result<void> write_batch(Connection& connection, const RunInfo& run, const Batch& batch);

/// Which edges a run gets.
Result<void> write_dataset_inputs(Connection& connection, const RunInfo& run,
                                  const std::vector<DatasetInput>& datasets);
Result<void> write_model_inputs(Connection& connection, const RunId& run,
                                const std::vector<ModelId>& models);
Result<void> write_model_outputs(Connection& connection, const RunId& run,
                                 const std::vector<ModelOutput>& models);

}  // namespace liquid::tracking::sqlite
