#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/settings.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// Waits for `pause`, or until `stop` is asked for. Tests inject one that does not wait.
using Sleeper = std::function<void(std::chrono::milliseconds pause, const std::stop_token& stop)>;

/// A client of the MLflow server at `uri` (http:// or https://, with or without a user, with or
/// without a path prefix). No request is made yet. Errors: invalid_argument (URI). The clock is
/// borrowed.
///
/// A call is repeated after 408, 429, 500, 502, 503, 504 and lost connections, at most
/// `settings.access.max_retries` times, with pauses of up to two minutes (0 lets every call fail at
/// once); `settings.access.stop` ends it early. What a server does not offer (logged models before
/// MLflow 3.0) is `unsupported`.
Result<std::unique_ptr<Store>> open_rest_store(std::string_view uri, const Settings& settings,
                                               const Clock& clock);

/// The same with another way to wait.
Result<std::unique_ptr<Store>> open_rest_store(std::string_view uri, const Settings& settings,
                                               const Clock& clock, Sleeper sleep);

}  // namespace liquid::tracking
