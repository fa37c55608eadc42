#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "base/result.h"

namespace liquid::formats {

/// A file of known size that is written beside its place, in any order, and renamed there when it
/// is whole. Destroyed without `commit`, it leaves nothing. One thread at a time.
class StreamedFile {
 public:
  /// Reserves the space, so that a disk too small is known at once. Errors, naming the file:
  /// not_found (folder), permission_denied, unavailable (disk full and the like).
  static Result<std::unique_ptr<StreamedFile>> create(const std::filesystem::path& file,
                                                      std::uint64_t bytes);
  ~StreamedFile();
  StreamedFile(const StreamedFile&) = delete;
  StreamedFile& operator=(const StreamedFile&) = delete;

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// fsync, rename, fsync of the folder; at most once.
  Result<void> commit();

 private:
  StreamedFile(std::filesystem::path file, std::filesystem::path aside, int descriptor);
  std::filesystem::path file_;
  std::filesystem::path aside_;
  int descriptor_;  ///< -1 after commit
};

}  // namespace liquid::formats
