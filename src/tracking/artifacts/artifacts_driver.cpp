// For the integration tests only: what the library does, from a command line.
//
//   tracking_artifacts_driver list URI PATH | upload URI FROM PATH | download URI PATH FOLDER |
//                             remove URI PATH
//
// Lines on standard output, fields apart by tabs; "error_code: message" on standard error and exit
// status 1. The tracking server is what MLflow's variables say.

#include <cstdio>
#include <string>
#include <vector>

#include "tracking/artifacts/artifact_store.h"

namespace {

using namespace liquid;
using namespace liquid::tracking;

int failed(const Error& error) {
  std::fprintf(stderr, "%s: %s\n", error_code_name(error.code), error.message.c_str());
  return 1;
}

void show_progress(std::uint64_t done, std::uint64_t total) {
  std::fprintf(stderr, "progress\t%ju\t%ju\n", static_cast<std::uintmax_t>(done),
               static_cast<std::uintmax_t>(total));
}

int list(ArtifactStore& store, const std::string& path) {
  const auto found = store.list(path);
  if (!found) return failed(found.error());
  for (const FileInfo& info : *found) {
    std::printf("%s\t%s\t%s\n", info.path.c_str(), info.is_folder ? "folder" : "file",
                info.size ? std::to_string(*info.size).c_str() : "");
  }
  return 0;
}

int upload(ArtifactStore& store, const std::string& from, const std::string& path) {
  const auto written = upload_tree(store, from, path, show_progress);
  if (!written) return failed(written.error());
  for (const UploadedFile& file : *written) {
    std::printf("%s\t%ju\t%s\n", file.path.c_str(), static_cast<std::uintmax_t>(file.size),
                file.sha256.c_str());
  }
  return 0;
}

int download(ArtifactStore& store, const std::string& path, const std::string& folder) {
  const auto local = download_tree(store, path, folder, show_progress);
  if (!local) return failed(local.error());
  std::printf("%s\n", local->c_str());
  return 0;
}

int run(const std::vector<std::string>& words) {
  const auto settings = settings_from(process_environment());
  if (!settings) return failed(settings.error());
  const auto store = open_artifacts(words[1], *settings);
  if (!store) return failed(store.error());
  if (words[0] == "list" && words.size() == 3) return list(**store, words[2]);
  if (words[0] == "upload" && words.size() == 4) return upload(**store, words[2], words[3]);
  if (words[0] == "download" && words.size() == 4) return download(**store, words[2], words[3]);
  if (words[0] == "remove" && words.size() == 3) {
    const auto removed = (*store)->remove(words[2]);
    return removed ? 0 : failed(removed.error());
  }
  std::fprintf(stderr, "unknown command\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) return 2;
  return run(words);
}
