#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/settings.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// A client of the MLflow server at `uri` (http:// or https://, with or without a path prefix). No
/// request is made yet. Errors: invalid_argument (URI). The clock is borrowed.
Result<std::unique_ptr<Store>> open_rest_store(std::string_view uri, const Settings& settings,
                                               const Clock& clock);

}  // namespace liquid::tracking
