#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid::train {

/// The bytes of a file through a window, unpacked when the file begins as gzip does. One thread.
class UnpackedFile {
 public:
  /// Errors, which name the file: not_found, permission_denied, unavailable.
  static Result<UnpackedFile> open(const std::filesystem::path& file);
  UnpackedFile(UnpackedFile&&) noexcept;
  UnpackedFile& operator=(UnpackedFile&&) noexcept;
  ~UnpackedFile();

  /// What was read and not yet consumed. Valid until `more`.
  std::string_view window() const;
  /// Reads on; false at the end of the file. Errors: unavailable, data_corrupt (damaged or cut off
  /// gzip).
  Result<bool> more();
  /// Drops the first `count` bytes of the window.
  void consume(std::size_t count);

 private:
  struct State;
  explicit UnpackedFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A whole file, unpacked. Errors as above; resource_exhausted beyond `max_bytes`.
Result<std::string> read_unpacked(const std::filesystem::path& file, std::uint64_t max_bytes);

}  // namespace liquid::train
