#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/settings.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// The store behind a tracking URI: sqlite:, http:, https:. Errors: unsupported (names the scheme
/// and what is known), and those of the store. The clock is borrowed.
Result<std::unique_ptr<Store>> open_store(std::string_view uri, const Settings& settings,
                                          const Clock& clock);

}  // namespace liquid::tracking
