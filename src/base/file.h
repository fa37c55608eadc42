#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid {

/// The whole file. Errors: not_found, permission_denied, resource_exhausted (larger than
/// `max_bytes`), unavailable (read error); each message names the path.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::uint64_t max_bytes = UINT64_MAX);

/// Writes aside, fsyncs, renames over `path` and fsyncs the folder: a reader sees the old file or
/// the whole new one. Errors: permission_denied, not_found (folder), unavailable (disk full and the
/// like).
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content);

}  // namespace liquid
