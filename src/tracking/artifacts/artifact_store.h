#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"
#include "tracking/rest/rest_store.h"
#include "tracking/settings.h"

namespace liquid::tracking {

/// Told while files move. `done` never falls and never exceeds `total`; both count bytes of the
/// whole job. Calls come one at a time, from any thread. May be empty.
using TransferProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// What an upload left in a store.
struct UploadedFile {
  std::string path;  ///< Relative to the store's root.
  std::uint64_t size = 0;
  std::string sha256;  ///< Of the bytes that were sent: 64 lower-case hexadecimal digits.
  bool operator==(const UploadedFile&) const = default;
};

/// The files below one artifact URI: of a run, a logged model, or a model version.
///
/// Paths are relative, with '/'; a path that leaves the root ("..", absolute, drive letters, empty
/// parts) is invalid_argument everywhere. Errors besides: not_found, unavailable,
/// permission_denied, unauthenticated, resource_exhausted (disk full), unsupported. Calls may be
/// made from any thread; they block.
class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;

  /// One level below `path` ("" is the root), sorted; nothing for a file or a missing folder.
  virtual Result<std::vector<FileInfo>> list(std::string_view path) = 0;
  /// `file` becomes `path`. A reader sees the old file or the whole new one where the store can do
  /// that (local folders: written aside, fsynced, renamed).
  virtual Result<UploadedFile> upload(const std::filesystem::path& file, std::string_view path,
                                      const TransferProgress& progress) = 0;
  /// `path` becomes `file`, written aside and renamed. Takes up a broken download where the store
  /// can, and compares the SHA-256 where the store knows it (data_corrupt).
  virtual Result<void> download(std::string_view path, const std::filesystem::path& file,
                                const TransferProgress& progress) = 0;
  /// A file, or a folder with everything in it; the root ("") is invalid_argument.
  virtual Result<void> remove(std::string_view path) = 0;
  /// An empty folder, in stores that have folders of their own; nothing elsewhere.
  virtual Result<void> make_folder(std::string_view path);
};

/// The store behind an artifact URI: a path, file:, mlflow-artifacts:, http:, https:, s3:. Server
/// relative URIs are taken below `settings.tracking_uri`. Nothing is contacted yet. Errors:
/// unsupported (names the scheme), invalid_argument.
Result<std::unique_ptr<ArtifactStore>> open_artifacts(std::string_view uri,
                                                      const Settings& settings);

/// What besides the settings decides how a store is reached; injected in tests.
struct ArtifactSurroundings {
  Environment environment;  ///< For AWS_…, MLFLOW_S3_… and MLFLOW_…_MULTIPART_DOWNLOAD_….
  Sleeper sleep;            ///< How to wait before a call is repeated.
};
Result<std::unique_ptr<ArtifactStore>> open_artifacts(std::string_view uri,
                                                      const Settings& settings,
                                                      const ArtifactSurroundings& surroundings);

/// Uploads a file (to `path`/<its name>) or what is in a folder (to below `path`, with its shape,
/// empty folders too where the store has folders). Links are followed while they stay inside the
/// folder. Several files move at the same time. Returns what was written, by path.
Result<std::vector<UploadedFile>> upload_tree(ArtifactStore& store,
                                              const std::filesystem::path& from,
                                              std::string_view path,
                                              const TransferProgress& progress);
/// Downloads a file or a whole folder to `folder`/`path` (the root, "", to `folder` itself);
/// returns the local path of what was asked for.
Result<std::filesystem::path> download_tree(ArtifactStore& store, std::string_view path,
                                            const std::filesystem::path& folder,
                                            const TransferProgress& progress);

}  // namespace liquid::tracking
