#include <system_error>

#include "base/file.h"
#include "formats/yaml.h"
#include "tracking/models/registry.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;

Error io_error(const fs::path& path, const std::error_code& failure) {
  const bool denied = failure == std::errc::permission_denied;
  return {denied ? ErrorCode::permission_denied : ErrorCode::unavailable,
          path.string() + ": " + failure.message()};
}

/// Name and version, or null for a model that no registry knows; MLflow's loaders look for it.
Result<void> write_meta(const ModelLocation& location, const fs::path& folder) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? formats::YamlNode{} : formats::YamlNode{text};
  };
  const formats::YamlMap meta{{"model_name", text_or_null(location.name)},
                              {"model_version", text_or_null(location.version)}};
  return write_file_atomically(folder / "registered_model_meta",
                               formats::write_yaml(formats::YamlNode{meta}));
}

/// Moves what lies in `from` into `to`; a file takes the place of one of the same name.
Result<void> move_content(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::create_directories(to, failure);
  for (const fs::directory_entry& entry : fs::directory_iterator(from, failure)) {
    const fs::path target = to / entry.path().filename();
    if (entry.is_directory() && fs::is_directory(target)) {
      if (Result<void> moved = move_content(entry.path(), target); !moved) return moved;
      continue;
    }
    fs::rename(entry.path(), target, failure);
    if (failure) return io_error(target, failure);
  }
  if (failure) return io_error(from, failure);
  return {};
}

/// Below the root of an artifact store files keep the way that led to them; a model should lie in
/// the folder itself.
Result<fs::path> fetch_part(ArtifactStore& artifacts, const std::string& path,
                            const fs::path& folder, const TransferProgress& progress) {
  const fs::path aside = folder / ".liquid-download";
  Result<fs::path> fetched = download_tree(artifacts, path, aside, progress);
  if (!fetched) return fetched;
  std::error_code failure;
  fs::path arrived = folder;
  if (fs::is_directory(*fetched)) {
    if (Result<void> moved = move_content(*fetched, folder); !moved)
      return std::move(moved).error();
  } else {
    arrived = folder / fetched->filename();
    fs::rename(*fetched, arrived, failure);
    if (failure) return io_error(arrived, failure);
  }
  fs::remove_all(aside, failure);
  if (failure) return io_error(aside, failure);
  return arrived;
}

Result<fs::path> fetch(const ModelHome& home, const ModelLocation& location, const fs::path& folder,
                       const TransferProgress& progress) {
  auto artifacts = open_artifacts(location.artifact_uri, home.settings);
  if (!artifacts) return std::move(artifacts).error();
  if (!location.path.empty()) return fetch_part(**artifacts, location.path, folder, progress);
  Result<std::vector<FileInfo>> files = (*artifacts)->list("");
  if (!files) return std::move(files).error();
  if (files->empty()) {
    return Error{ErrorCode::not_found, location.artifact_uri + " holds no files"};
  }
  Result<fs::path> fetched = download_tree(**artifacts, "", folder, progress);
  if (!fetched) return fetched;
  return folder;
}

}  // namespace

Result<std::filesystem::path> download_model(const ModelHome& home, std::string_view uri,
                                             const std::filesystem::path& folder,
                                             const TransferProgress& progress) {
  const Result<ModelUri> parsed = parse_model_uri(uri);
  if (!parsed) return parsed.error();
  const Result<ModelLocation> location = locate(*parsed, home.store);
  if (!location) return location.error();
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return io_error(folder, failure);
  Result<fs::path> fetched = fetch(home, *location, folder, progress);
  if (!fetched) return std::move(fetched).error().with_context(uri);
  const bool of_a_model = !location->name.empty() || !location->model_id.empty();
  if (of_a_model && location->path.empty() && fs::exists(folder / "MLmodel")) {
    if (Result<void> meta = write_meta(*location, folder); !meta) return std::move(meta).error();
  }
  return fetched;
}

}  // namespace liquid::tracking
