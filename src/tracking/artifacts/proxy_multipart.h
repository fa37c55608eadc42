#pragma once

#include <string>

#include "base/result.h"
#include "tracking/artifacts/artifact_uri.h"
#include "tracking/artifacts/files.h"
#include "tracking/artifacts/progress.h"
#include "tracking/artifacts/proxy_artifacts.h"
#include "tracking/artifacts/server_calls.h"

namespace liquid::tracking::artifacts {

/// Where one artifact is behind a proxy.
struct ProxyPlace {
  const ProxyRoot& root;
  std::string path;  ///< Below everything the server keeps, decoded.
};

/// Sends a file in parts, several at a time, to addresses the server hands out; gives the upload up
/// on the server when it fails. `unsupported` when the server's store knows no such thing.
Result<void> upload_in_parts(ServerCalls& calls, const ProxyPlace& place, const SourceFile& file,
                             std::uint64_t chunk_bytes, ProgressSum& sum);

/// Fetches a file in ranges, several at a time, from an address the server hands out. `unsupported`
/// when the server's store has none, or does not say how large the file is.
Result<void> download_in_ranges(ServerCalls& calls, const ProxyPlace& place,
                                const std::filesystem::path& file, std::uint64_t chunk_bytes,
                                const TransferProgress& progress);

}  // namespace liquid::tracking::artifacts
