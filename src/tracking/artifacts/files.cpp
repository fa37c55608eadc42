#include "tracking/artifacts/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/digest.h"

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR: return ErrorCode::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE: return ErrorCode::resource_exhausted;
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
    case EISDIR: return ErrorCode::invalid_argument;
    default: return ErrorCode::unavailable;
  }
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

std::string unique_suffix() {
  static std::atomic<unsigned> count{0};
  return std::to_string(::getpid()) + "." + std::to_string(count.fetch_add(1));
}

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.open()) return system_error(folder, "open");
  if (::fsync(handle.get()) != 0 && errno != EINVAL) return system_error(folder, "fsync");
  return {};
}

}  // namespace

Error system_error(const fs::path& path, std::string_view doing) {
  const int number = errno;
  return Error{code_of(number),
               path.string() + ": cannot " + std::string(doing) + ": " + std::strerror(number)};
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Result<SourceFile> SourceFile::open(const fs::path& path) {
  // Without O_NONBLOCK a named pipe would hang here.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.open()) return system_error(path, "open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(path, "read");
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::invalid_argument, path.string() + ": is not a regular file"};
  }
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return SourceFile(path, std::move(file), static_cast<std::uint64_t>(status.st_size));
}

Result<std::size_t> SourceFile::read_at(std::uint64_t offset, std::span<char> space) const {
  for (;;) {
    const ssize_t got =
        ::pread(file_.get(), space.data(), space.size(), static_cast<off_t>(offset));
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path_, "read");
    return Error{ErrorCode::conflict, path_.string() + ": became shorter while it was read (" +
                                          std::to_string(size_) + " bytes before, now " +
                                          std::to_string(offset) + ")"};
  }
}

Result<void> make_folders(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) return {};
  errno = failure.value();
  if (errno == EEXIST || errno == ENOTDIR) {
    return Error{ErrorCode::conflict,
                 folder.string() + ": cannot make this folder: a file is in the way"};
  }
  return system_error(folder, "make this folder");
}

Result<PendingFile> PendingFile::create(const fs::path& path) {
  const fs::path folder = folder_of(path);
  if (Result<void> made = make_folders(folder); !made) return std::move(made).error();
  fs::path hidden = folder / (std::string(kHiddenPrefix) + unique_suffix());
  Descriptor file(::open(hidden.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.open()) return system_error(hidden, "create");
  return PendingFile(path, std::move(hidden), std::move(file));
}

Result<PendingFile> PendingFile::take_up(const fs::path& path) {
  const fs::path folder = folder_of(path);
  if (Result<void> made = make_folders(folder); !made) return std::move(made).error();
  const std::string name = sha256(path.filename().string()).hex().substr(0, 16);
  fs::path hidden = folder / (std::string(kHiddenPrefix) + name);
  Descriptor file(::open(hidden.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file.open()) return system_error(hidden, "create");
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::conflict, path.string() + ": is being written by somebody else"};
  }
  return PendingFile(path, std::move(hidden), std::move(file));
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : path_(std::move(other.path_)),
      hidden_(std::exchange(other.hidden_, {})),
      file_(std::move(other.file_)),
      keep_(other.keep_) {}

PendingFile::~PendingFile() {
  if (!keep_ && !hidden_.empty()) ::unlink(hidden_.c_str());
}

Result<std::uint64_t> PendingFile::size() const {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return system_error(hidden_, "read");
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> PendingFile::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(path_, "write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> PendingFile::resize(std::uint64_t size) {
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) == 0) return {};
  return system_error(path_, "write");
}

Result<void> PendingFile::sync() {
  if (::fdatasync(file_.get()) == 0) return {};
  return system_error(path_, "write");
}

Result<void> PendingFile::publish() {
  if (::fsync(file_.get()) != 0) return system_error(path_, "write");
  if (::rename(hidden_.c_str(), path_.c_str()) != 0) return system_error(path_, "replace");
  hidden_.clear();
  return sync_folder(folder_of(path_));
}

}  // namespace liquid::tracking::artifacts
