#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace liquid::train {

/// rows: JSON in one of its layouts; text: a document (.txt, .md). Both may be packed with gzip.
enum class FileKind { rows, text };

struct InputFile {
  std::filesystem::path path;
  FileKind kind = FileKind::rows;
  bool operator==(const InputFile&) const = default;
};

struct InputFiles {
  std::vector<InputFile> used;                  ///< Sorted by path.
  std::vector<std::filesystem::path> left_out;  ///< Of a kind that is not read, or documents that
                                                ///< lie beside files of rows (a README).
};

/// What a file, a folder (everything below it but hidden files) or a glob (`*`, `?`, `[…]`) means.
/// Errors: invalid_argument (empty), not_found (nothing there; says what was looked for),
/// permission_denied, unsupported (a named file, or all of them, in a format that is not read: the
/// message names the way out).
Result<InputFiles> list_input_files(const std::string& path_or_glob);

}  // namespace liquid::train
