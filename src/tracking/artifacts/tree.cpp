#include "tracking/artifacts/tree.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tracking/artifacts/artifact_path.h"
#include "tracking/artifacts/files.h"

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;

Error failure_at(const fs::path& path, std::string_view doing, const std::error_code& failure) {
  errno = failure.value();
  return system_error(path, doing);
}

bool is_within(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

class TreeReader {
 public:
  explicit TreeReader(fs::path root) : root_(std::move(root)) {}

  Result<Tree> read() {
    if (Result<void> walked = walk(root_, ""); !walked) return std::move(walked).error();
    const auto by_path = [](const TreeFile& a, const TreeFile& b) { return a.path < b.path; };
    std::sort(tree_.files.begin(), tree_.files.end(), by_path);
    std::sort(tree_.empty_folders.begin(), tree_.empty_folders.end());
    return std::move(tree_);
  }

 private:
  Result<void> walk(const fs::path& folder, const std::string& path) {
    if (std::find(open_.begin(), open_.end(), folder) != open_.end()) {
      return Error{ErrorCode::invalid_argument,
                   (root_ / path).string() + ": is a link to a folder that holds it"};
    }
    open_.push_back(folder);
    std::error_code failure;
    fs::directory_iterator entries(folder, failure);
    if (failure) return failure_at(folder, "list", failure);
    if (entries == fs::directory_iterator() && !path.empty()) tree_.empty_folders.push_back(path);
    for (; entries != fs::directory_iterator(); entries.increment(failure)) {
      const std::string name = entries->path().filename().string();
      if (Result<void> taken = take(entries->path(), join(path, name)); !taken) return taken;
      if (failure) return failure_at(folder, "list", failure);
    }
    open_.pop_back();
    return {};
  }

  Result<void> take(const fs::path& entry, const std::string& path) {
    std::error_code failure;
    const fs::path real = fs::canonical(entry, failure);
    if (failure) return failure_at(entry, "follow this link", failure);
    if (!is_within(real, root_)) {
      return Error{ErrorCode::permission_denied,
                   entry.string() + ": is a link out of the folder, to " + real.string()};
    }
    const fs::file_status status = fs::status(real, failure);
    if (failure) return failure_at(entry, "read", failure);
    if (fs::is_directory(status)) return walk(real, path);
    if (!fs::is_regular_file(status)) {
      return Error{ErrorCode::invalid_argument, entry.string() + ": is neither file nor folder"};
    }
    const std::uint64_t size = fs::file_size(real, failure);
    if (failure) return failure_at(entry, "read", failure);
    tree_.files.push_back({.file = real, .path = path, .size = size});
    return {};
  }

  const fs::path root_;
  std::vector<fs::path> open_;  // the folders we are in, outermost first
  Tree tree_;
};

}  // namespace

Result<Tree> read_tree(const fs::path& folder) {
  std::error_code failure;
  fs::path root = fs::canonical(folder, failure);
  if (failure) return failure_at(folder, "open", failure);
  return TreeReader(std::move(root)).read();
}

}  // namespace liquid::tracking::artifacts
