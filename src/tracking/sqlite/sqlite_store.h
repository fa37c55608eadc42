#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/settings.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// Opens `sqlite:///relative.db` or `sqlite:////absolute.db`; a missing file is created with the
/// schema of MLflow 3.17.2. Python's MLflow may read and write the same file at the same time.
///
/// Errors: invalid_argument (URI), invalid_state (a schema revision that is not known; names it,
/// the two that are, and `mlflow db upgrade`), those of `sql::Database`. The clock is borrowed.
Result<std::unique_ptr<Store>> open_sqlite_store(std::string_view uri, const Settings& settings,
                                                 const Clock& clock);

}  // namespace liquid::tracking
