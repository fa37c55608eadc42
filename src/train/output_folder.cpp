#include "train/output_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFile = ".liquid-train.lock";

Error failed(const fs::path& path, const std::string& what, int number) {
  const ErrorCode code =
      number == EACCES || number == EROFS ? ErrorCode::permission_denied : ErrorCode::unavailable;
  return {code, path.string() + ": " + what + ": " + std::strerror(number)};
}

Result<std::optional<SavedRun>> saved_run(const fs::path& folder) {
  auto run = read_checkpoint(folder);
  if (!run) return std::move(run).error().with_context("resume");
  return std::optional(std::move(*run));
}

}  // namespace

OutputFolder::OutputFolder(fs::path path, int lock) : path_(std::move(path)), lock_(lock) {}

OutputFolder::OutputFolder(OutputFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

// The lock goes with the descriptor; the file stays, because removing it would race with who waits.
OutputFolder::~OutputFolder() {
  if (lock_ >= 0) ::close(lock_);
}

Result<OutputFolder> OutputFolder::open(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return failed(folder, "cannot make the folder", failure.value());
  const fs::path file = folder / kLockFile;
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return failed(file, "cannot open", errno);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return Error{ErrorCode::conflict,
                 "output-dir " + folder.string() + ": another training writes there at the moment"};
  }
  OutputFolder open(folder, lock);
  if (auto removed = remove_leftovers(folder); !removed) return std::move(removed).error();
  return open;
}

Result<std::optional<SavedRun>> choose_start(const OutputSettings& settings) {
  const std::vector<CheckpointFolder> found = list_checkpoints(settings.output_dir);
  if (!settings.resume) {
    if (found.empty() || settings.overwrite) return std::optional<SavedRun>();
    return Error{ErrorCode::conflict,
                 "output-dir " + settings.output_dir + " holds " +
                     found.back().path.filename().string() +
                     " of an earlier run: --resume goes on with it, --overwrite starts anew, and "
                     "--output-dir names another place"};
  }
  const bool newest = settings.resume->empty() || *settings.resume == "auto";
  if (!newest) return saved_run(*settings.resume);
  if (!found.empty()) return saved_run(found.back().path);
  if (*settings.resume == "auto") return std::optional<SavedRun>();
  return Error{ErrorCode::not_found, "resume: there is no checkpoint in " + settings.output_dir};
}

Result<void> clear_earlier_run(const fs::path& output_dir) {
  for (const CheckpointFolder& folder : list_checkpoints(output_dir)) {
    if (auto removed = remove_checkpoint(folder.path); !removed) return removed;
  }
  std::error_code ignored;
  if (!fs::exists(output_dir / "final_model", ignored)) return {};
  return remove_checkpoint(output_dir / "final_model");
}

}  // namespace liquid::train
