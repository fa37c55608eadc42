#include "tracking/artifacts/artifact_store.h"

namespace liquid::tracking {

Result<void> ArtifactStore::make_folder(std::string_view) { return {}; }

}  // namespace liquid::tracking
