#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/transfer/export_format.h"

namespace liquid::tracking::transfer {

inline constexpr const char* kRunFile = "run.json";
inline constexpr const char* kPointsFile = "metrics.jsonl";
inline constexpr const char* kModelFile = "model.json";
inline constexpr const char* kArtifacts = "artifacts";

/// Where things lie in an export folder (export_format.cpp).
class ExportFolder {
 public:
  explicit ExportFolder(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path head() const { return root_ / "export.json"; }
  std::filesystem::path run(const RunId& id) const { return root_ / "runs" / id.str(); }
  std::filesystem::path model(const ModelId& id) const { return root_ / "models" / id.str(); }

 private:
  std::filesystem::path root_;
};

/// Errors: not_found, those of `parse_head`; each names the file.
Result<ExportHead> read_head_file(const ExportFolder& folder);

}  // namespace liquid::tracking::transfer
