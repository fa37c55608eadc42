#include "tracking/recorder/connections.h"

#include "tracking/client/open_store.h"

namespace liquid::tracking {

Connections real_connections(const Clock& clock) {
  return {.store =
              [&clock](const Settings& settings) {
                return open_store(settings.tracking_uri, settings, clock);
              },
          .artifacts = [](const std::string& uri,
                          const Settings& settings) { return open_artifacts(uri, settings); }};
}

}  // namespace liquid::tracking
