#include "tracking/transfer/artifact_copy.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "tracking/artifacts/artifact_path.h"

namespace liquid::tracking::transfer {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kModelFile = "MLmodel";
constexpr std::uint64_t kMaxModelFileBytes = 16U << 20U;

/// A folder for one file at a time, gone at the end.
class Scratch {
 public:
  static Result<Scratch> make() {
    std::error_code failure;
    std::string name = (fs::temp_directory_path(failure) / "liquid-transfer-XXXXXX").string();
    if (failure || ::mkdtemp(name.data()) == nullptr) {
      return Error{ErrorCode::unavailable, name + ": no temporary folder can be made (TMPDIR)"};
    }
    return Scratch(name);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  fs::path file() const { return path_ / "file"; }
  void empty() const {
    std::error_code ignored;
    fs::remove(file(), ignored);
  }

 private:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

struct Job {
  const ArtifactCopy& copy;
  const Scratch& scratch;
};

// The file itself when it lies on this machine and no link leads out of the folder; the store,
// which refuses such links, is asked for everything else.
fs::path local_file(const ArtifactOrigin& from, const std::string& path) {
  if (!from.folder) return {};
  std::error_code failure;
  const fs::path root = fs::canonical(*from.folder, failure);
  if (failure) return {};
  fs::path file = fs::canonical(root / path, failure);
  if (failure) return {};
  const bool inside =
      std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first == root.end();
  return inside ? file : fs::path{};
}

Result<fs::path> fetch(const Job& job, const std::string& path) {
  if (fs::path local = local_file(job.copy.from, path); !local.empty()) return local;
  Result<void> fetched = job.copy.from.store->download(path, job.scratch.file(), {});
  if (!fetched) return std::move(fetched).error();
  return job.scratch.file();
}

Result<fs::path> with_new_ids(const Job& job, const fs::path& file) {
  Result<std::string> text = read_file(file, kMaxModelFileBytes);
  if (!text) return std::move(text).error();
  const std::string changed = translated(*text, job.copy.ids);
  if (changed == *text) return file;
  Result<void> written = write_file_atomically(job.scratch.file(), changed);
  if (!written) return std::move(written).error();
  return job.scratch.file();
}

Result<void> copy_file(const Job& job, const std::string& path) {
  Result<fs::path> file = fetch(job, path);
  if (file && artifacts::base_name(path) == kModelFile) file = with_new_ids(job, *file);
  if (!file) return std::move(file).error();
  const Result<UploadedFile> sent = job.copy.to.upload(*file, path, {});
  job.scratch.empty();
  if (!sent) return sent.error();
  job.copy.sent(sent->size);
  return {};
}

bool is_model_file(const FileInfo& entry) {
  return artifacts::base_name(entry.path) == kModelFile && !entry.is_folder;
}

Result<bool> is_there(const Job& job, const FileInfo& entry, const std::vector<FileInfo>& there) {
  const auto found = std::find_if(there.begin(), there.end(), [&](const FileInfo& other) {
    return other.path == entry.path && !other.is_folder;
  });
  if (found == there.end() || !found->size) return false;
  if (!is_model_file(entry)) return entry.size && *found->size == *entry.size;
  // Small, and of the same size with other ids in it: what it should say decides.
  Result<fs::path> file = fetch(job, entry.path);
  if (!file) return std::move(file).error();
  Result<std::string> text = read_file(*file, kMaxModelFileBytes);
  job.scratch.empty();
  if (!text) return std::move(text).error();
  Result<void> fetched = job.copy.to.download(entry.path, job.scratch.file(), {});
  if (!fetched) return std::move(fetched).error();
  const Result<std::string> other = read_file(job.scratch.file(), kMaxModelFileBytes);
  job.scratch.empty();
  if (!other) return other.error();
  return *other == translated(*text, job.copy.ids);
}

Result<void> copy_folder(const Job& job, const std::string& path) {
  Result<std::vector<FileInfo>> entries = job.copy.from.store->list(path);
  if (!entries) return std::move(entries).error();
  if (entries->empty()) return {};
  const Result<std::vector<FileInfo>> there = job.copy.to.list(path);
  if (!there) return there.error();
  std::stable_partition(entries->begin(), entries->end(),
                        [](const FileInfo& entry) { return !is_model_file(entry); });
  for (const FileInfo& entry : *entries) {
    if (entry.is_folder) {
      if (Result<void> copied = copy_folder(job, entry.path); !copied) return copied;
      continue;
    }
    const Result<bool> has_it = is_there(job, entry, *there);
    if (!has_it) return has_it.error();
    if (*has_it) continue;
    if (Result<void> copied = copy_file(job, entry.path); !copied) return copied;
  }
  return {};
}

}  // namespace

Result<void> copy_artifacts(const ArtifactCopy& copy) {
  Result<Scratch> scratch = Scratch::make();
  if (!scratch) return std::move(scratch).error();
  return copy_folder(Job{copy, *scratch}, "");
}

}  // namespace liquid::tracking::transfer
