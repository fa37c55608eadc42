#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tracking/store.h"

// MLflow's search language, compiled for its SQLite schema. The grammar stands in
// filter_parser.cpp.

namespace liquid::tracking {

using SqlValue = std::variant<std::int64_t, double, std::string>;

/// One SELECT that yields the keys of what was found, in order, at most `max_results` + 1 rows (the
/// extra row says that another page exists). Values are bound in order from parameter 1.
///
/// Key columns: experiment_id; run_uuid; name; name, version; model_id.
struct CompiledSearch {
  std::string sql;
  std::vector<SqlValue> values;
  std::int64_t max_results = 0;  ///< As asked for, checked.
  std::int64_t offset = 0;       ///< Rows before this page.
  std::string token_scope;       ///< What the next token says besides the offset; empty: nothing.
};

/// Errors: invalid_argument with MLflow's messages (filter, order, token, max_results).
Result<CompiledSearch> compile_search(const ExperimentQuery& query);
Result<CompiledSearch> compile_search(const RunQuery& query);
Result<CompiledSearch> compile_search(const LoggedModelQuery& query);
Result<CompiledSearch> compile_registered_model_search(const RegistryQuery& query);
Result<CompiledSearch> compile_model_version_search(const RegistryQuery& query);

/// The token of the page after one that was full; opaque to callers.
std::string next_page_token(const CompiledSearch& search);

}  // namespace liquid::tracking
