#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/models/model_folder.h"

namespace liquid::tracking {

/// A folder that comes into being whole or not at all: written beside its place, fsynced and
/// renamed by `commit`; without that the destructor removes what there is.
class FolderWriter {
 public:
  /// Errors: conflict (`folder` exists), those of making a folder.
  static Result<FolderWriter> begin(const std::filesystem::path& folder, FileTransfer transfer);
  FolderWriter(FolderWriter&& other) noexcept;
  FolderWriter& operator=(FolderWriter&&) = delete;
  ~FolderWriter();

  /// `from`/name becomes `below`/name.
  Result<void> add_files(const std::filesystem::path& from, const std::vector<std::string>& names,
                         const std::string& below);
  Result<void> add_text(const std::string& name, std::string_view text);
  /// Of all files so far.
  std::uint64_t bytes() const { return bytes_; }
  Result<void> commit();

 private:
  FolderWriter(std::filesystem::path folder, std::filesystem::path aside, FileTransfer transfer);
  std::filesystem::path folder_;
  std::filesystem::path aside_;
  FileTransfer transfer_;
  std::uint64_t bytes_ = 0;
};

}  // namespace liquid::tracking
