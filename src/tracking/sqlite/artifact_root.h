#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid::tracking::sqlite {

/// Where artifacts of new experiments go, as MLflow writes it into the database: "" is ./mlruns, a
/// path becomes absolute, a URI with a scheme stays. Errors: unavailable (no working folder).
Result<std::string> resolve_artifact_root(std::string_view root);

}  // namespace liquid::tracking::sqlite
