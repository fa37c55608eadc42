#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace liquid::tracking::artifacts {

/// A file below a folder that is being uploaded.
struct TreeFile {
  std::filesystem::path file;
  std::string path;  ///< Relative to the folder, with '/'.
  std::uint64_t size = 0;
};

struct Tree {
  std::vector<TreeFile> files;             ///< By path.
  std::vector<std::string> empty_folders;  ///< By path.
};

/// What is below `folder`. Links are followed while they stay inside it. Errors name the path:
/// permission_denied (unreadable, or a link that leads out), invalid_argument (neither file nor
/// folder, a link in a circle), not_found (a link to nothing).
Result<Tree> read_tree(const std::filesystem::path& folder);

}  // namespace liquid::tracking::artifacts
