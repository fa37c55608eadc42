#include "train/durable_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartial = ".liquid-partial";
constexpr std::string_view kRemoved = ".liquid-removed";

Error failed(const fs::path& path, const char* what, int number) {
  const ErrorCode code = number == EACCES || number == EPERM || number == EROFS
                             ? ErrorCode::permission_denied
                             : ErrorCode::unavailable;
  return {code, path.string() + ": " + what + ": " + std::strerror(number)};
}

Result<void> sync_path(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed(path, "cannot open", errno);
  const int status = ::fsync(descriptor);
  const int number = errno;
  ::close(descriptor);
  if (status != 0) return failed(path, "cannot make durable", number);
  return {};
}

Result<void> sync_tree(const fs::path& folder) {
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, failure)) {
    if (auto synced = sync_path(entry.path()); !synced) return synced;
  }
  if (failure) return failed(folder, "cannot list", failure.value());
  return sync_path(folder);
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (failure) return failed(path, "cannot remove", failure.value());
  return {};
}

fs::path hidden(const fs::path& place, std::string_view ending) {
  return place.parent_path() / ("." + place.filename().string() + std::string(ending));
}

// Not every file system can exchange; there a kill between two renames costs the replaced folder
// only.
Result<void> exchange(const fs::path& aside, const fs::path& place) {
  if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0)
    return {};
  if (errno != EINVAL && errno != ENOSYS) return failed(place, "cannot replace", errno);
  const fs::path old = hidden(place, kRemoved);
  if (auto removed = remove_tree(old); !removed) return removed;
  if (::rename(place.c_str(), old.c_str()) != 0) return failed(place, "cannot rename", errno);
  if (::rename(aside.c_str(), place.c_str()) != 0) return failed(place, "cannot rename", errno);
  return remove_tree(old);
}

}  // namespace

DurableFolder::DurableFolder(fs::path place, fs::path aside)
    : place_(std::move(place)), aside_(std::move(aside)) {}

DurableFolder::DurableFolder(DurableFolder&& other) noexcept
    : place_(std::move(other.place_)), aside_(std::exchange(other.aside_, fs::path())) {}

DurableFolder::~DurableFolder() {
  std::error_code ignored;
  if (!aside_.empty()) fs::remove_all(aside_, ignored);
}

Result<DurableFolder> DurableFolder::create(fs::path place) {
  fs::path aside = hidden(place, kPartial);
  if (auto removed = remove_tree(aside); !removed) return std::move(removed).error();
  std::error_code failure;
  fs::create_directories(aside, failure);
  if (failure) return failed(aside, "cannot make the folder", failure.value());
  return DurableFolder(std::move(place), std::move(aside));
}

Result<void> DurableFolder::commit() {
  if (auto synced = sync_tree(aside_); !synced) return synced;
  std::error_code ignored;
  if (fs::exists(place_, ignored)) {
    if (auto changed = exchange(aside_, place_); !changed) return changed;
    if (auto removed = remove_tree(aside_); !removed) return removed;
  } else if (::rename(aside_.c_str(), place_.c_str()) != 0) {
    return failed(place_, "cannot rename", errno);
  }
  aside_.clear();
  return sync_path(place_.parent_path());
}

Result<void> DurableFolder::remove(const fs::path& folder) {
  const fs::path aside = hidden(folder, kRemoved);
  if (auto removed = remove_tree(aside); !removed) return removed;
  if (::rename(folder.c_str(), aside.c_str()) != 0) return failed(folder, "cannot rename", errno);
  return remove_tree(aside);
}

Result<void> DurableFolder::remove_leftovers(const fs::path& parent) {
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, failure)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".") || !(name.ends_with(kPartial) || name.ends_with(kRemoved))) continue;
    if (auto removed = remove_tree(entry.path()); !removed) return removed;
  }
  return {};
}

}  // namespace liquid::train
