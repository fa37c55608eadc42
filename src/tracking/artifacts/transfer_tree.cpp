#include <algorithm>
#include <optional>
#include <utility>

#include "tracking/artifacts/artifact_path.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/artifacts/files.h"
#include "tracking/artifacts/parallel.h"
#include "tracking/artifacts/progress.h"
#include "tracking/artifacts/tree.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
using namespace artifacts;

// As many as the HTTP client keeps connections for.
constexpr std::size_t kParallelFiles = 8;
// Deeper than any folder of artifacts; ends the walk through a store whose listings go in circles.
constexpr int kMaxDepth = 64;

std::uint64_t total_size(const std::vector<TreeFile>& files) {
  std::uint64_t total = 0;
  for (const TreeFile& file : files) total += file.size;
  return total;
}

Result<void> check_all(const Tree& tree, std::string_view path) {
  for (const TreeFile& file : tree.files) {
    Result<void> checked = check_path_below_root(join(path, file.path));
    if (!checked) return std::move(checked).error().with_context(file.file.string());
  }
  return {};
}

Result<std::vector<UploadedFile>> upload_all(ArtifactStore& store, const Tree& tree,
                                             std::string_view path,
                                             const TransferProgress& progress) {
  std::vector<UploadedFile> uploaded(tree.files.size());
  ProgressSum sum(progress, total_size(tree.files));
  Result<void> done =
      for_each_parallel(tree.files.size(), kParallelFiles, [&](std::size_t index) -> Result<void> {
        const TreeFile& file = tree.files[index];
        Result<UploadedFile> sent = store.upload(file.file, join(path, file.path), sum.part());
        if (!sent) return std::move(sent).error();
        uploaded[index] = std::move(*sent);
        return {};
      });
  if (!done) return std::move(done).error();
  for (const std::string& folder : tree.empty_folders) {
    if (Result<void> made = store.make_folder(join(path, folder)); !made) {
      return std::move(made).error();
    }
  }
  return uploaded;
}

/// What is to be fetched: files and folders of a store, paths relative to its root.
struct Wanted {
  std::vector<FileInfo> files;
  std::vector<std::string> folders;
};

// A store's answer decides about names of local files: it is checked like any other input.
Result<void> check_listed(const FileInfo& entry, std::string_view folder) {
  Result<void> checked = check_path_below_root(entry.path);
  if (!checked) return checked;
  if (parent_of(entry.path) == folder) return {};
  return Error{ErrorCode::invalid_argument, "artifact path \"" + entry.path +
                                                "\": listed in the folder \"" +
                                                std::string(folder) + "\", where it is not"};
}

class TreeLister {
 public:
  explicit TreeLister(ArtifactStore& store) : store_(store) {}

  Result<Wanted> below(const std::string& path, const std::vector<FileInfo>& entries) {
    wanted_.folders.push_back(path);
    if (Result<void> taken = take(path, entries, 1); !taken) return std::move(taken).error();
    return std::move(wanted_);
  }

 private:
  Result<void> take(const std::string& path, const std::vector<FileInfo>& entries, int depth) {
    if (depth > kMaxDepth) {
      return Error{ErrorCode::data_corrupt, "artifact path \"" + path + "\": more than " +
                                                std::to_string(kMaxDepth) + " folders deep"};
    }
    for (const FileInfo& entry : entries) {
      if (Result<void> checked = check_listed(entry, path); !checked) return checked;
      if (!entry.is_folder) {
        wanted_.files.push_back(entry);
        continue;
      }
      wanted_.folders.push_back(entry.path);
      Result<std::vector<FileInfo>> inner = store_.list(entry.path);
      if (!inner) return std::move(inner).error();
      if (Result<void> taken = take(entry.path, *inner, depth + 1); !taken) return taken;
    }
    return {};
  }

  ArtifactStore& store_;
  Wanted wanted_;
};

// The entry of `path` in the listing of its folder; nothing when a store does not know.
Result<std::optional<FileInfo>> find_entry(ArtifactStore& store, std::string_view path) {
  Result<std::vector<FileInfo>> siblings = store.list(parent_of(path));
  if (!siblings && siblings.error().code == ErrorCode::unsupported)
    return std::optional<FileInfo>();
  if (!siblings) return std::move(siblings).error();
  for (FileInfo& entry : *siblings) {
    if (entry.path == path) return std::optional<FileInfo>(std::move(entry));
  }
  return Error{ErrorCode::not_found,
               "artifact path \"" + std::string(path) + "\": no such artifact"};
}

Result<Wanted> wanted_at(ArtifactStore& store, const std::string& path) {
  Result<std::vector<FileInfo>> entries = store.list(path);
  const bool unlisted = !entries && entries.error().code == ErrorCode::unsupported;
  if (!entries && (!unlisted || path.empty())) return std::move(entries).error();
  if (path.empty() || (entries && !entries->empty())) {
    return TreeLister(store).below(path, std::move(*entries));
  }
  Result<std::optional<FileInfo>> entry = find_entry(store, path);
  if (!entry) return std::move(entry).error();
  if (*entry && (*entry)->is_folder) return Wanted{.files = {}, .folders = {path}};
  FileInfo file = *entry ? **entry : FileInfo{.path = path, .is_folder = false, .size = {}};
  return Wanted{.files = {std::move(file)}, .folders = {}};
}

Result<void> download_all(ArtifactStore& store, const Wanted& wanted, const fs::path& folder,
                          const TransferProgress& progress) {
  for (const std::string& path : wanted.folders) {
    if (Result<void> made = make_folders(folder / path); !made) return made;
  }
  if (wanted.files.size() == 1) {  // the store may know more about its size than the listing did
    const std::string& path = wanted.files[0].path;
    return store.download(path, folder / path, progress);
  }
  std::uint64_t total = 0;
  for (const FileInfo& file : wanted.files) total += file.size.value_or(0);
  ProgressSum sum(progress, total);
  return for_each_parallel(wanted.files.size(), kParallelFiles, [&](std::size_t index) {
    const FileInfo& file = wanted.files[index];
    return store.download(file.path, folder / file.path, sum.part());
  });
}

}  // namespace

Result<std::vector<UploadedFile>> upload_tree(ArtifactStore& store, const fs::path& from,
                                              std::string_view path,
                                              const TransferProgress& progress) {
  if (Result<void> checked = check_path(path); !checked) return std::move(checked).error();
  std::error_code failure;
  if (fs::is_directory(from, failure)) {
    Result<Tree> tree = read_tree(from);
    if (!tree) return std::move(tree).error();
    if (Result<void> checked = check_all(*tree, path); !checked) return std::move(checked).error();
    return upload_all(store, *tree, path, progress);
  }
  const std::string target = join(path, from.filename().string());
  Result<UploadedFile> sent = store.upload(from, target, progress);
  if (!sent) return std::move(sent).error();
  return std::vector<UploadedFile>{std::move(*sent)};
}

Result<fs::path> download_tree(ArtifactStore& store, std::string_view path, const fs::path& folder,
                               const TransferProgress& progress) {
  if (Result<void> checked = check_path(path); !checked) return std::move(checked).error();
  Result<Wanted> wanted = wanted_at(store, std::string(path));
  if (!wanted) return std::move(wanted).error();
  if (Result<void> done = download_all(store, *wanted, folder, progress); !done) {
    return std::move(done).error();
  }
  return path.empty() ? folder : folder / path;
}

}  // namespace liquid::tracking
