#pragma once

#include <filesystem>

#include "base/result.h"

namespace liquid::search {

/// Held by the one process that may write the index; the operating system lets go of it when the
/// process ends, however it ends.
class WriterLock {
 public:
  /// Errors: conflict (somebody holds it; the message names the process), permission_denied,
  /// unavailable.
  static Result<WriterLock> take(const std::filesystem::path& path);

  WriterLock(WriterLock&& other) noexcept;
  WriterLock& operator=(WriterLock&&) = delete;
  ~WriterLock();

 private:
  explicit WriterLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace liquid::search
