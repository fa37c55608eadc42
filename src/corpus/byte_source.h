#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid::corpus {

/// Bytes that come one after the other. Used by one thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills the front of `buffer` (not empty); 0 = the end.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

/// `bytes` are borrowed and outlive the source.
std::unique_ptr<ByteSource> memory_source(std::string_view bytes);

/// A regular file. Errors: not_found, permission_denied, invalid_argument (a folder or a device).
Result<std::unique_ptr<ByteSource>> file_source(const std::filesystem::path& path);

/// The unpacked bytes of a gzip stream (all its members). Reading fails with data_corrupt when the
/// stream is not gzip, damaged or cut off.
std::unique_ptr<ByteSource> gunzip(std::unique_ptr<ByteSource> packed);

/// The same bytes; adds their number to `counter` as they are read. `counter` is borrowed.
std::unique_ptr<ByteSource> counted(std::unique_ptr<ByteSource> source,
                                    std::atomic<std::uint64_t>& counter);

/// Everything up to the end. Errors: those of the source; resource_exhausted beyond `max_bytes`.
Result<std::string> read_all(ByteSource& source, std::uint64_t max_bytes);

}  // namespace liquid::corpus
