#include "tracking/artifacts/artifact_store.h"

#include "tracking/artifacts/artifact_uri.h"
#include "tracking/artifacts/local_artifacts.h"
#include "tracking/artifacts/proxy_artifacts.h"
#include "tracking/artifacts/s3_artifacts.h"
#include "tracking/artifacts/s3_settings.h"
#include "tracking/artifacts/surroundings.h"

namespace liquid::tracking {
namespace {

using namespace artifacts;

/// Makes the store for each kind of root.
struct Opener {
  using Opened = Result<std::unique_ptr<ArtifactStore>>;

  const Settings& settings;
  const ArtifactSurroundings& surroundings;

  Opened operator()(const FolderRoot& root) const { return make_local_artifacts(root.folder); }

  Opened operator()(const ProxyRoot& root) const {
    Result<MultipartDownload> download = multipart_download_from(surroundings.environment);
    if (!download) return std::move(download).error();
    Result<http::TlsChoice> foreign = s3_tls_from(surroundings.environment);
    if (!foreign) return std::move(foreign).error();
    return make_proxy_artifacts(
        root, settings.access, surroundings.sleep,
        {.upload = settings.multipart, .download = *download, .foreign_tls = *foreign});
  }

  Opened operator()(const UrlRoot& root) const {
    return make_url_artifacts(root, settings.access, surroundings.sleep);
  }

  Opened operator()(const BucketRoot& root) const {
    return make_s3_artifacts(root, settings, surroundings);
  }
};

}  // namespace

Result<void> ArtifactStore::make_folder(std::string_view) { return {}; }

Result<std::unique_ptr<ArtifactStore>> open_artifacts(std::string_view uri,
                                                      const Settings& settings) {
  return open_artifacts(uri, settings,
                        {.environment = process_environment(), .sleep = artifacts::wait_for});
}

Result<std::unique_ptr<ArtifactStore>> open_artifacts(std::string_view uri,
                                                      const Settings& settings,
                                                      const ArtifactSurroundings& surroundings) {
  Result<ArtifactRoot> root = parse_artifact_uri(uri, settings.tracking_uri);
  if (!root) return std::move(root).error();
  return std::visit(Opener{settings, surroundings}, *root);
}

}  // namespace liquid::tracking
