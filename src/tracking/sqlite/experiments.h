#pragma once

#include <memory>

#include "tracking/sqlite/session.h"
#include "tracking/store.h"

namespace liquid::tracking::sqlite {

/// Where the experiment keeps its artifacts. Errors: not_found, invalid_argument (deleted).
Result<std::string> active_experiment_location(Connection& connection, std::int64_t id);

/// The session is borrowed.
std::unique_ptr<ExperimentStore> make_experiment_store(Session& session);

}  // namespace liquid::tracking::sqlite
