#include "tracking/models/folder_writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "base/file.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;

Error io_error(const fs::path& path, const std::error_code& failure) {
  ErrorCode code = ErrorCode::unavailable;
  if (failure == std::errc::permission_denied) code = ErrorCode::permission_denied;
  if (failure == std::errc::no_such_file_or_directory) code = ErrorCode::not_found;
  return {code, path.string() + ": " + failure.message()};
}

Result<void> sync(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return io_error(path, {errno, std::generic_category()});
  const bool synced = ::fsync(file) == 0;
  const std::error_code failure(errno, std::generic_category());
  ::close(file);
  if (!synced) return io_error(path, failure);
  return {};
}

Result<void> transfer_file(const fs::path& from, const fs::path& to, FileTransfer transfer) {
  std::error_code failure;
  // Sources in a cache of the hub are symbolic links; the file behind them is meant.
  const fs::path real = fs::canonical(from, failure);
  if (failure) return io_error(from, failure);
  if (transfer == FileTransfer::link) {
    fs::create_hard_link(real, to, failure);
    if (!failure) return {};
    failure.clear();
  }
  fs::copy_file(real, to, failure);
  if (failure) return io_error(from, failure);
  return sync(to);
}

}  // namespace

FolderWriter::FolderWriter(fs::path folder, fs::path aside, FileTransfer transfer)
    : folder_(std::move(folder)), aside_(std::move(aside)), transfer_(transfer) {}

FolderWriter::FolderWriter(FolderWriter&& other) noexcept
    : folder_(std::move(other.folder_)),
      aside_(std::exchange(other.aside_, {})),
      transfer_(other.transfer_),
      bytes_(other.bytes_) {}

FolderWriter::~FolderWriter() {
  std::error_code ignored;
  if (!aside_.empty()) fs::remove_all(aside_, ignored);
}

Result<FolderWriter> FolderWriter::begin(const fs::path& folder, FileTransfer transfer) {
  std::error_code failure;
  const fs::path place = fs::absolute(folder, failure).lexically_normal();
  if (fs::exists(place, failure)) {
    return Error{ErrorCode::conflict, place.string() + " exists already"};
  }
  fs::create_directories(place.parent_path(), failure);
  if (failure) return io_error(place.parent_path(), failure);
  std::string aside = place.string() + ".partial-XXXXXX";
  if (::mkdtemp(aside.data()) == nullptr) {
    return io_error(aside, {errno, std::generic_category()});
  }
  // mkdtemp keeps others out; a model folder is as open as the umask allows.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  fs::permissions(aside, fs::perms(0777 & ~mask), failure);
  return FolderWriter(place, aside, transfer);
}

Result<void> FolderWriter::add_files(const fs::path& from, const std::vector<std::string>& names,
                                     const std::string& below) {
  std::error_code failure;
  const fs::path target = aside_ / below;
  fs::create_directories(target, failure);
  if (failure) return io_error(target, failure);
  for (const std::string& name : names) {
    if (Result<void> done = transfer_file(from / name, target / name, transfer_); !done) {
      return done;
    }
    bytes_ += fs::file_size(target / name, failure);
    if (failure) return io_error(target / name, failure);
  }
  return {};
}

Result<void> FolderWriter::add_text(const std::string& name, std::string_view text) {
  std::error_code failure;
  const fs::path target = aside_ / name;
  fs::create_directories(target.parent_path(), failure);
  if (failure) return io_error(target.parent_path(), failure);
  bytes_ += text.size();
  return write_file_atomically(target, text);
}

Result<void> FolderWriter::commit() {
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(aside_, failure)) {
    if (!entry.is_directory()) continue;
    if (Result<void> synced = sync(entry.path()); !synced) return synced;
  }
  if (Result<void> synced = sync(aside_); !synced) return synced;
  // Whoever made the folder meanwhile keeps it: rename() replaces none that holds files.
  fs::rename(aside_, folder_, failure);
  if (failure == std::errc::directory_not_empty || failure == std::errc::file_exists) {
    return Error{ErrorCode::conflict, folder_.string() + " exists already"};
  }
  if (failure) return io_error(folder_, failure);
  aside_.clear();
  return sync(folder_.parent_path());
}

}  // namespace liquid::tracking
