#pragma once

#include <filesystem>
#include <memory>

#include "tracking/artifacts/artifact_store.h"

namespace liquid::tracking::artifacts {

/// Artifacts in a folder of this machine, which is made with the first file. Links are followed
/// while they stay inside; what leads out is refused with permission_denied and left out of
/// listings.
std::unique_ptr<ArtifactStore> make_local_artifacts(const std::filesystem::path& root);

}  // namespace liquid::tracking::artifacts
