#pragma once

#include <cstdint>

#include "base/result.h"
#include "tracking/rest/rest_store.h"
#include "tracking/settings.h"

namespace liquid::tracking::artifacts {

/// Large files from the tracking server's artifact proxy, straight from where it keeps them.
struct MultipartDownload {
  bool through_proxy = false;  ///< MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD
  std::uint64_t chunk_bytes = std::uint64_t{100} << 20U;  ///< MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE
};

/// Errors: invalid_argument naming the variable.
Result<MultipartDownload> multipart_download_from(const Environment& environment);

/// "true", "1", "false", "0" in any case, as MLflow reads them. Absent or empty: no.
Result<bool> truth_of(const Environment& environment, const std::string& name);

/// Waits as long as it is told, or until `stop`.
void wait_for(std::chrono::milliseconds pause, const std::stop_token& stop);

}  // namespace liquid::tracking::artifacts
