#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "base/result.h"

namespace liquid::formats {

/// A file mapped read-only. Another process that shortens it while it is mapped kills the reader
/// (SIGBUS); files that are replaced by rename, as everything here writes them, stay whole.
class MappedFile {
 public:
  /// Errors, naming the file: not_found, permission_denied, invalid_argument (a folder),
  /// unavailable.
  static Result<std::unique_ptr<MappedFile>> open(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  /// Lets the kernel take back the whole pages inside `part`.
  void forget(std::span<const std::byte> part) const;

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace liquid::formats
