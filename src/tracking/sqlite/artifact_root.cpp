#include "tracking/sqlite/artifact_root.h"

#include <filesystem>
#include <system_error>

namespace liquid::tracking::sqlite {

Result<std::string> resolve_artifact_root(std::string_view root) {
  if (root.empty()) root = "./mlruns";
  if (root.find(":/") != std::string_view::npos) return std::string(root);
  std::error_code failed;
  const std::filesystem::path absolute = std::filesystem::absolute(root, failed);
  if (failed) {
    return Error{ErrorCode::unavailable,
                 "artifact root " + std::string(root) + ": " + failed.message()};
  }
  std::string text = absolute.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace liquid::tracking::sqlite
