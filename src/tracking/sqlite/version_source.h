#pragma once

#include <string>

#include "base/result.h"
#include "tracking/sqlite/connection.h"
#include "tracking/store.h"

namespace liquid::tracking::sqlite {

/// Where a new version's files come from, with what MLflow derives from that.
struct VersionSource {
  std::string source;            ///< As it is kept; `models:/n/latest` became `models:/n/3`.
  std::string storage_location;  ///< Where the files really are.
  RunId run_id;
  ModelId model_id;  ///< Empty when no logged model is behind the version.
};

/// Checks a new version's source by the rules of MLflow's server: a path on this machine, a
/// `runs:/…` URI and artifacts of the server must lie below the run or model that the version
/// names; no source may climb with "..". `models:/m-…` and `models:/name/…` are looked up.
/// Errors: invalid_argument with MLflow's messages; not_found (the model or version meant).
Result<VersionSource> resolve_version_source(Connection& connection,
                                             const NewModelVersion& version);

}  // namespace liquid::tracking::sqlite
