#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/sqlite/connection.h"

// Rows of the model registry, for registered models and for versions. Everything lives in MLflow's
// workspace "default". Deleted versions keep their row, in a stage of their own, and are not seen.

namespace liquid::tracking::sqlite {

/// Errors: not_found.
Result<void> require_model(Connection& connection, std::string_view name);
/// Is it a prompt, which MLflow keeps among the models? Errors: not_found.
Result<bool> is_stored_prompt(Connection& connection, std::string_view name);
/// With latest versions, tags and aliases. Errors: not_found.
Result<RegisteredModel> read_model(Connection& connection, std::string_view name);
/// The newest version of each stage that has one, oldest version first.
Result<std::vector<ModelVersion>> read_latest_versions(Connection& connection,
                                                       std::string_view name);
/// Notes that the model or one of its versions changed.
Result<void> touch_model(Connection& connection, std::string_view name, std::int64_t now_ms);

/// Errors: not_found.
Result<void> require_version(Connection& connection, std::string_view name, std::int64_t version);
/// With tags and aliases. Errors: not_found.
Result<ModelVersion> read_version(Connection& connection, std::string_view name,
                                  std::int64_t version);
/// Nothing when the model has no such alias.
Result<std::optional<std::int64_t>> find_alias(Connection& connection, std::string_view name,
                                               std::string_view alias);
/// Where the version's files are. Errors: not_found.
Result<std::string> read_storage_location(Connection& connection, std::string_view name,
                                          std::int64_t version);

Result<void> put_model_tag(Connection& connection, std::string_view name, const Tag& tag);
Result<void> put_version_tag(Connection& connection, std::string_view name, std::int64_t version,
                             const Tag& tag);

}  // namespace liquid::tracking::sqlite
