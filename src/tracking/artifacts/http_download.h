#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "http/client.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/artifacts/attempts.h"

namespace liquid::tracking::artifacts {

struct HttpDownload {
  /// Tries once to get it, with these headers besides its own, into the sink.
  std::function<Result<http::ClientResponse>(
      const std::vector<std::pair<std::string, std::string>>& headers, http::BodySink sink)>
      get;
  std::string source;  ///< What is fetched, for messages and to know a broken download again.
  std::filesystem::path file;
  const TransferProgress& progress;
};

/// Fetches a file, written aside and renamed. A broken transfer goes on where it broke off (Range,
/// checked against the ETag), also one of a process that has ended, when the server can; otherwise
/// it starts again. Compares the SHA-256 where the answer names it (data_corrupt). Errors besides:
/// those of files.h and of the server.
Result<void> fetch(const HttpDownload& download, Attempts attempts);

}  // namespace liquid::tracking::artifacts
