#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/sqlite/connection.h"

// Reading and touching rows of logged models, for all parts of the store that need one.

namespace liquid::tracking::sqlite {

/// What most calls need to know of a model before they change it.
struct LoggedModelPlace {
  std::int64_t experiment_id = 0;
  std::string artifact_uri;
  RunId source_run_id;
};

/// MLflow's own calls differ in whether they see the trash.
enum class Deleted { hidden, seen };

/// Errors: not_found.
Result<LoggedModelPlace> find_logged_model(Connection& connection, const ModelId& id,
                                           Deleted deleted);

/// With parameters, tags and metrics. Errors: not_found.
Result<LoggedModel> read_logged_model(Connection& connection, const ModelId& id, Deleted deleted);

/// Adds or replaces.
Result<void> put_logged_model_tag(Connection& connection, const ModelId& id,
                                  std::int64_t experiment_id, const Tag& tag);

/// Notes in the model's tag "mlflow.modelVersions", a JSON array of {"name", "version"}, that a
/// version was made of it; once. Errors: not_found (no such model).
Result<void> note_model_version(Connection& connection, const ModelId& id, std::string_view name,
                                std::int64_t version);

}  // namespace liquid::tracking::sqlite
