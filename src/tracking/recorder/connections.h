#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/settings.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// How a recorder and a recovery reach stores; injected in tests. They are called with the
/// journal's tracking URI and artifact root in `settings`, and with `max_retries` 0, because
/// repeating is decided by who knows the journal.
struct Connections {
  std::function<Result<std::unique_ptr<Store>>(const Settings& settings)> store;
  std::function<Result<std::unique_ptr<ArtifactStore>>(const std::string& uri,
                                                       const Settings& settings)>
      artifacts;
};

/// `open_store` and `open_artifacts`. The clock is borrowed.
Connections real_connections(const Clock& clock);

}  // namespace liquid::tracking
