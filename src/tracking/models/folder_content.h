#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/mlmodel.h"
#include "tracking/artifacts/artifact_store.h"

namespace liquid::tracking {

/// A file, or a folder with all that is in it.
struct FolderPart {
  std::filesystem::path path;
  std::uint64_t size = 0;
};

/// A model folder that is to be uploaded: its MLmodel, and what lies beside it, by name.
struct FolderContent {
  formats::MlModel model;
  std::vector<FolderPart> parts;
};

/// Errors: invalid_argument (no MLmodel in the folder), data_corrupt, those of reading.
Result<FolderContent> read_content(const std::filesystem::path& folder);

/// Sends all parts below `prefix` ("" or "…/"), the MLmodel last: whoever sees it sees the whole
/// model.
Result<void> upload_content(ArtifactStore& artifacts, const FolderContent& content,
                            const std::string& prefix, const TransferProgress& progress);

}  // namespace liquid::tracking
