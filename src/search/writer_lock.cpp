#include "search/writer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace liquid::search {
namespace {

// The holder's process id as it wrote it; empty when it has not yet.
std::string holder(int descriptor) {
  char text[32];
  const ssize_t got = ::pread(descriptor, text, sizeof(text), 0);
  return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : std::string();
}

Error refused(int descriptor, const std::filesystem::path& path) {
  const std::string process = holder(descriptor);
  std::string message =
      path.parent_path().string() + ": the index is being written by another process";
  if (!process.empty()) message += " (pid " + process + ")";
  return Error{ErrorCode::conflict, std::move(message)};
}

}  // namespace

Result<WriterLock> WriterLock::take(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    const ErrorCode code =
        errno == EACCES || errno == EROFS ? ErrorCode::permission_denied : ErrorCode::unavailable;
    return Error{code, path.string() + ": cannot create: " + std::strerror(errno)};
  }
  WriterLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return refused(descriptor, path);
  const std::string process = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, process.data(), process.size(), 0) < 0) {
    return Error{ErrorCode::unavailable, path.string() + ": cannot write: " + std::strerror(errno)};
  }
  return lock;
}

WriterLock::WriterLock(WriterLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

WriterLock::~WriterLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace liquid::search
