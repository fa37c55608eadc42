#include "tracking/artifacts/artifact_store.h"

#include "tracking/artifacts/artifact_uri.h"
#include "tracking/artifacts/local_artifacts.h"

namespace liquid::tracking {

Result<void> ArtifactStore::make_folder(std::string_view) { return {}; }

Result<std::unique_ptr<ArtifactStore>> open_artifacts(std::string_view uri,
                                                      const Settings& settings) {
  Result<artifacts::ArtifactRoot> root = artifacts::parse_artifact_uri(uri, settings.tracking_uri);
  if (!root) return std::move(root).error();
  if (const auto* folder = std::get_if<artifacts::FolderRoot>(&*root)) {
    return artifacts::make_local_artifacts(folder->folder);
  }
  return Error{ErrorCode::unsupported, "artifact URI \"" + std::string(uri) + "\": not yet"};
}

}  // namespace liquid::tracking
