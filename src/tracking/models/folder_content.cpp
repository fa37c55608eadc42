#include "tracking/models/folder_content.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModelFile = "MLmodel";
constexpr std::uint64_t kMaxModelFileBytes = 8U << 20;

Result<std::uint64_t> size_of(const fs::path& path) {
  std::error_code failure;
  if (!fs::is_directory(path, failure)) {
    const std::uint64_t size = fs::file_size(path, failure);
    if (failure) return Error{ErrorCode::unavailable, path.string() + ": " + failure.message()};
    return size;
  }
  std::uint64_t size = 0;
  for (fs::recursive_directory_iterator at(path, failure), end; !failure && at != end;
       at.increment(failure)) {
    if (at->is_regular_file(failure)) size += at->file_size(failure);
  }
  if (failure) return Error{ErrorCode::unavailable, path.string() + ": " + failure.message()};
  return size;
}

Result<std::vector<FolderPart>> list_parts(const fs::path& folder) {
  std::vector<FolderPart> parts;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    const fs::path name = at->path().filename();
    // The second one says where another download came from; it is nothing of the model.
    if (name == kModelFile || name == "registered_model_meta") continue;
    const Result<std::uint64_t> size = size_of(at->path());
    if (!size) return size.error();
    parts.push_back({at->path(), *size});
  }
  if (failure) return Error{ErrorCode::unavailable, folder.string() + ": " + failure.message()};
  std::sort(parts.begin(), parts.end(),
            [](const FolderPart& a, const FolderPart& b) { return a.path < b.path; });
  return parts;
}

Result<void> upload_part(ArtifactStore& artifacts, const FolderPart& part,
                         const std::string& prefix, const TransferProgress& progress) {
  const std::string target = prefix + part.path.filename().string();
  if (std::filesystem::is_directory(part.path)) {
    Result<std::vector<UploadedFile>> sent = upload_tree(artifacts, part.path, target, progress);
    if (!sent) return std::move(sent).error().with_context(target);
    return {};
  }
  Result<UploadedFile> sent = artifacts.upload(part.path, target, progress);
  if (!sent) return std::move(sent).error().with_context(target);
  return {};
}

/// A name in the system's folder for temporary files that is gone with the object.
class TemporaryFile {
 public:
  static Result<TemporaryFile> with(const std::string& content) {
    std::string name = (fs::temp_directory_path() / "liquid-mlmodel-XXXXXX").string();
    const int file = ::mkstemp(name.data());
    if (file < 0) return Error{ErrorCode::unavailable, "no temporary file can be made: " + name};
    ::close(file);
    TemporaryFile made(name);
    if (Result<void> written = write_file_atomically(made.path_, content); !written) {
      return std::move(written).error();
    }
    return made;
  }
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace

Result<FolderContent> read_content(const fs::path& folder) {
  Result<std::string> text = read_file(folder / kModelFile, kMaxModelFileBytes);
  if (!text && text.error().code == ErrorCode::not_found) {
    return Error{ErrorCode::invalid_argument,
                 folder.string() + " is no model folder: it has no MLmodel"};
  }
  if (!text) return std::move(text).error();
  Result<formats::MlModel> model = formats::parse_mlmodel(*text);
  if (!model) return std::move(model).error().with_context(folder.string());
  Result<std::vector<FolderPart>> parts = list_parts(folder);
  if (!parts) return std::move(parts).error();
  return FolderContent{*std::move(model), *std::move(parts)};
}

Result<void> upload_content(ArtifactStore& artifacts, const FolderContent& content,
                            const std::string& prefix, const TransferProgress& progress) {
  std::uint64_t total = 0;
  for (const FolderPart& part : content.parts) total += part.size;
  std::uint64_t before = 0;
  for (const FolderPart& part : content.parts) {
    const TransferProgress whole = [&](std::uint64_t done, std::uint64_t /*of*/) {
      if (progress) progress(before + std::min(done, part.size), total);
    };
    if (Result<void> sent = upload_part(artifacts, part, prefix, whole); !sent) return sent;
    before += part.size;
  }
  const Result<TemporaryFile> model = TemporaryFile::with(formats::write_mlmodel(content.model));
  if (!model) return model.error();
  Result<UploadedFile> sent = artifacts.upload(model->path(), prefix + kModelFile, {});
  if (!sent) return std::move(sent).error().with_context(kModelFile);
  return {};
}

}  // namespace liquid::tracking
