#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tracking/sqlite/connection.h"

namespace liquid::tracking::sqlite {

/// The schema revisions ("heads") of MLflow whose files this store reads and writes. The core
/// tables are the same in both.
inline constexpr std::string_view kHead = "dc11669786a5";       ///< 3.17.2; of new files.
inline constexpr std::string_view kHeadOf312 = "7d34483879f0";  ///< 3.12.0

/// Every statement of a fresh MLflow 3.17.2 database, in the order of its sqlite_master.
std::span<const std::string_view> schema_statements();

/// What goes into a new file besides its tables.
struct FirstRows {
  std::string artifact_root;  ///< The experiment "Default" keeps its artifacts at `<root>/0`.
  std::int64_t now_ms = 0;
};

/// A writing connection to a file with one of the schemas above. A missing file and one without any
/// table become MLflow's, in one transaction: whoever looks sees nothing or all of it.
/// Errors: invalid_state (another revision, somebody else's database), not_found (the folder cannot
/// be made), data_corrupt, permission_denied, unavailable.
Result<std::unique_ptr<Connection>> open_with_schema(const std::filesystem::path& path,
                                                     const FirstRows& rows);

}  // namespace liquid::tracking::sqlite
