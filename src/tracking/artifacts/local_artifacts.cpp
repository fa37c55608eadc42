#include "tracking/artifacts/local_artifacts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/log.h"
#include "tracking/artifacts/artifact_path.h"
#include "tracking/artifacts/files.h"
#include "tracking/artifacts/progress.h"

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyBufferBytes = std::size_t{1} << 20U;

bool is_within(const fs::path& path, const fs::path& root) {
  const auto [in_root, in_path] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  static_cast<void>(in_path);
  return in_root == root.end();
}

Error failure_at(const fs::path& path, std::string_view doing, const std::error_code& failure) {
  errno = failure.value();
  return system_error(path, doing);
}

// Copies all of it; the digest of what went over.
Result<Digest> copy(const SourceFile& from, PendingFile& to, const TransferProgress& told) {
  Sha256Builder hash;
  std::vector<char> buffer(std::min<std::uint64_t>(kCopyBufferBytes, from.size()));
  for (std::uint64_t offset = 0; offset < from.size();) {
    const auto length = std::min<std::uint64_t>(buffer.size(), from.size() - offset);
    Result<std::size_t> got =
        from.read_at(offset, {buffer.data(), static_cast<std::size_t>(length)});
    if (!got) return std::move(got).error();
    const std::string_view bytes(buffer.data(), *got);
    if (Result<void> written = to.write_at(offset, bytes); !written) {
      return std::move(written).error();
    }
    hash.append(bytes);
    offset += *got;
    told(offset, from.size());
  }
  return hash.finish();
}

class LocalArtifacts final : public ArtifactStore {
 public:
  explicit LocalArtifacts(const fs::path& root) : root_(fs::absolute(root)) {}

  Result<std::vector<FileInfo>> list(std::string_view path) override;
  Result<UploadedFile> upload(const fs::path& file, std::string_view path,
                              const TransferProgress& progress) override;
  Result<void> download(std::string_view path, const fs::path& file,
                        const TransferProgress& progress) override;
  Result<void> remove(std::string_view path) override;
  Result<void> make_folder(std::string_view path) override;

 private:
  /// Where `path` leads once all links are followed; permission_denied when that is outside.
  Result<fs::path> resolve(std::string_view path) const;
  /// The place of `path`, whose own link (not those above it) is left alone.
  Result<fs::path> place_of(std::string_view path) const;
  std::optional<FileInfo> describe(const fs::directory_entry& entry, std::string_view path) const;

  const fs::path root_;
};

Result<fs::path> LocalArtifacts::resolve(std::string_view path) const {
  std::error_code failure;
  const fs::path root = fs::weakly_canonical(root_, failure);
  if (failure) return failure_at(root_, "open", failure);
  const fs::path wanted = path.empty() ? root : root / path;
  fs::path found = fs::weakly_canonical(wanted, failure);
  if (failure) return failure_at(wanted, "open", failure);
  if (is_within(found, root)) return found;
  return Error{ErrorCode::permission_denied, "artifact path \"" + std::string(path) +
                                                 "\": a link leads out of " + root_.string()};
}

Result<fs::path> LocalArtifacts::place_of(std::string_view path) const {
  if (Result<void> checked = check_path_below_root(path); !checked) {
    return std::move(checked).error();
  }
  if (base_name(path).starts_with(kHiddenPrefix)) {
    return Error{ErrorCode::invalid_argument, "artifact path \"" + std::string(path) +
                                                  "\": names that begin with \"" +
                                                  std::string(kHiddenPrefix) + "\" are reserved"};
  }
  Result<fs::path> folder = resolve(parent_of(path));
  if (!folder) return folder;
  return *folder / base_name(path);
}

std::optional<FileInfo> LocalArtifacts::describe(const fs::directory_entry& entry,
                                                 std::string_view path) const {
  const std::string name = entry.path().filename().string();
  if (name.starts_with(kHiddenPrefix)) return std::nullopt;
  FileInfo info{.path = join(path, name), .is_folder = false, .size = {}};
  std::error_code failure;
  if (entry.is_symlink(failure)) {
    const Result<fs::path> target = resolve(info.path);
    const Result<fs::path> folder = resolve(path);
    // A link to a folder above would be listed without end.
    if (!target || !folder || (is_within(*folder, *target))) {
      log_event(LogLevel::warning, "artifact link left out", {{"path", entry.path().native()}});
      return std::nullopt;
    }
  }
  info.is_folder = entry.is_directory(failure);
  if (!info.is_folder && entry.is_regular_file(failure)) info.size = entry.file_size(failure);
  if (failure || (!info.is_folder && !info.size)) return std::nullopt;  // gone, or a socket
  return info;
}

Result<std::vector<FileInfo>> LocalArtifacts::list(std::string_view path) {
  if (Result<void> checked = check_path(path); !checked) return std::move(checked).error();
  Result<fs::path> folder = resolve(path);
  if (!folder) return std::move(folder).error();
  std::vector<FileInfo> found;
  std::error_code failure;
  if (!fs::is_directory(*folder, failure)) return found;
  fs::directory_iterator entries(*folder, failure);
  if (failure) return failure_at(*folder, "list", failure);
  for (; entries != fs::directory_iterator(); entries.increment(failure)) {
    if (auto info = describe(*entries, path)) found.push_back(std::move(*info));
    if (failure) return failure_at(*folder, "list", failure);
  }
  std::sort(found.begin(), found.end(),
            [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
  return found;
}

Result<UploadedFile> LocalArtifacts::upload(const fs::path& file, std::string_view path,
                                            const TransferProgress& progress) {
  Result<fs::path> place = place_of(path);
  if (!place) return std::move(place).error();
  Result<SourceFile> from = SourceFile::open(file);
  if (!from) return std::move(from).error();
  Result<PendingFile> to = PendingFile::create(*place);
  if (!to) return std::move(to).error();
  ProgressSum sum(progress, from->size());
  Result<Digest> copied = copy(*from, *to, sum.part());
  if (!copied) return std::move(copied).error();
  if (Result<void> published = to->publish(); !published) return std::move(published).error();
  return UploadedFile{.path = std::string(path), .size = from->size(), .sha256 = copied->hex()};
}

Result<void> LocalArtifacts::download(std::string_view path, const fs::path& file,
                                      const TransferProgress& progress) {
  if (Result<void> checked = check_path_below_root(path); !checked) return checked;
  Result<fs::path> place = resolve(path);
  if (!place) return std::move(place).error();
  Result<SourceFile> from = SourceFile::open(*place);
  if (!from) return std::move(from).error();
  Result<PendingFile> to = PendingFile::create(file);
  if (!to) return std::move(to).error();
  ProgressSum sum(progress, from->size());
  Result<Digest> copied = copy(*from, *to, sum.part());
  if (!copied) return std::move(copied).error();
  return to->publish();
}

Result<void> LocalArtifacts::remove(std::string_view path) {
  Result<fs::path> place = place_of(path);
  if (!place) return std::move(place).error();
  std::error_code failure;
  fs::remove_all(*place, failure);  // links themselves, not what they lead to
  if (failure) return failure_at(*place, "remove", failure);
  return {};
}

Result<void> LocalArtifacts::make_folder(std::string_view path) {
  if (Result<void> checked = check_path(path); !checked) return checked;
  Result<fs::path> place = resolve(path);
  if (!place) return std::move(place).error();
  return make_folders(*place);
}

}  // namespace

std::unique_ptr<ArtifactStore> make_local_artifacts(const fs::path& root) {
  return std::make_unique<LocalArtifacts>(root);
}

}  // namespace liquid::tracking::artifacts
