#pragma once

#include <memory>

#include "tracking/artifacts/artifact_store.h"
#include "tracking/artifacts/artifact_uri.h"
#include "tracking/artifacts/server_calls.h"
#include "tracking/artifacts/surroundings.h"

namespace liquid::tracking::artifacts {

struct ProxyOptions {
  MultipartUpload upload;
  MultipartDownload download;
  http::TlsChoice foreign_tls;  ///< For the addresses parts are sent to and fetched from.
};

/// Artifacts behind an MLflow server (its /api/2.0/mlflow-artifacts). Paths that such a server
/// would read as another path are invalid_argument.
std::unique_ptr<ArtifactStore> make_proxy_artifacts(ProxyRoot root, const ServerAccess& access,
                                                    Sleeper sleep, const ProxyOptions& options);

/// Artifacts below any URL that answers GET, PUT and DELETE; listing is `unsupported`.
std::unique_ptr<ArtifactStore> make_url_artifacts(UrlRoot root, const ServerAccess& access,
                                                  Sleeper sleep);

/// Refuses paths that MLflow's servers would refuse or store under another name.
Result<void> check_path_for_server(std::string_view path);

}  // namespace liquid::tracking::artifacts
