#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/settings.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// The store behind a tracking URI: `sqlite:///file.db`, `http://…`, `https://…`. Errors:
/// invalid_argument (empty), unsupported (another scheme: names it and those that are known; a
/// folder of MLflow's former file store: says how to turn it into a database), and those of the
/// store. The clock is borrowed.
Result<std::unique_ptr<Store>> open_store(std::string_view uri, const Settings& settings,
                                          const Clock& clock);

}  // namespace liquid::tracking
