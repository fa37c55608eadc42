#pragma once

#include <memory>

#include "tracking/artifacts/artifact_store.h"
#include "tracking/artifacts/artifact_uri.h"

namespace liquid::tracking::artifacts {

/// Artifacts in a bucket of S3 or of what speaks like it. Large files go up in parts side by side.
/// The SHA-256 of each file stands in its metadata (x-amz-meta-sha256) and is compared when it is
/// fetched. Errors: those of `s3_settings_from`.
Result<std::unique_ptr<ArtifactStore>> make_s3_artifacts(const BucketRoot& root,
                                                         const Settings& settings,
                                                         const ArtifactSurroundings& surroundings);

}  // namespace liquid::tracking::artifacts
