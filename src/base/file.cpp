#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace liquid {
namespace {

namespace fs = std::filesystem;

class FileHandle {
 public:
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  ~FileHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  int get() const { return descriptor_; }
  bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

Error system_error(const fs::path& path, std::string_view doing) {
  const int number = errno;
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT || number == ENOTDIR) code = ErrorCode::not_found;
  if (number == EACCES || number == EPERM) code = ErrorCode::permission_denied;
  return Error{code,
               path.string() + ": cannot " + std::string(doing) + ": " + std::strerror(number)};
}

Result<void> write_all(const FileHandle& file, const fs::path& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(path, "write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return system_error(path, "fsync");
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.open()) return system_error(folder, "open");
  if (::fsync(handle.get()) != 0) return system_error(folder, "fsync");
  return {};
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::uint64_t max_bytes) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return system_error(path, "open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(path, "read");
  if (S_ISDIR(status.st_mode)) {
    return Error{ErrorCode::invalid_argument, path.string() + ": is a folder, expected a file"};
  }
  std::string content;
  content.reserve(static_cast<std::size_t>(status.st_size));
  char block[1 << 16];
  for (;;) {
    const ssize_t got = ::read(file.get(), block, sizeof(block));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path, "read");
    if (got == 0) return content;
    if (content.size() + static_cast<std::size_t>(got) > max_bytes) {
      return Error{ErrorCode::resource_exhausted, path.string() + ": larger than the limit of " +
                                                      std::to_string(max_bytes) + " bytes"};
    }
    content.append(block, static_cast<std::size_t>(got));
  }
}

Result<void> write_file_atomically(const fs::path& path, std::string_view content) {
  const fs::path aside = path.string() + ".tmp." + std::to_string(::getpid());
  {
    const FileHandle file(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file.open()) return system_error(aside, "create");
    Result<void> written = write_all(file, aside, content);
    if (!written) {
      ::unlink(aside.c_str());
      return written;
    }
  }
  if (::rename(aside.c_str(), path.c_str()) != 0) {
    Error error = system_error(path, "replace");
    ::unlink(aside.c_str());
    return error;
  }
  return sync_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace liquid
