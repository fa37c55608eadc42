#include "formats/streamed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace liquid::formats {
namespace {

Error write_error(const std::filesystem::path& file, std::string_view doing, int number) {
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT || number == ENOTDIR) code = ErrorCode::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = ErrorCode::permission_denied;
  return {code, file.string() + ": cannot " + std::string(doing) + ": " + std::strerror(number)};
}

/// Zero, or what is wrong. File systems that cannot reserve get a file of the right length.
int reserve(int descriptor, std::uint64_t bytes) {
  if (bytes == 0) return 0;
  const auto length = static_cast<off_t>(bytes);
  if (::fallocate(descriptor, 0, 0, length) == 0) return 0;
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL) return errno;
  return ::ftruncate(descriptor, length) == 0 ? 0 : errno;
}

Result<void> sync_folder_of(const std::filesystem::path& file) {
  const std::filesystem::path folder =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return write_error(folder, "open", errno);
  const int problem = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (problem != 0) return write_error(folder, "fsync", problem);
  return {};
}

}  // namespace

StreamedFile::StreamedFile(std::filesystem::path file, std::filesystem::path aside, int descriptor)
    : file_(std::move(file)), aside_(std::move(aside)), descriptor_(descriptor) {}

StreamedFile::~StreamedFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(aside_.c_str());
}

Result<std::unique_ptr<StreamedFile>> StreamedFile::create(const std::filesystem::path& file,
                                                           std::uint64_t bytes) {
  const std::filesystem::path aside = file.string() + ".tmp." + std::to_string(::getpid());
  const int descriptor = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return write_error(file, "create", errno);
  std::unique_ptr<StreamedFile> stream(new StreamedFile(file, aside, descriptor));
  if (const int problem = reserve(descriptor, bytes); problem != 0) {
    return write_error(file, "reserve " + std::to_string(bytes) + " bytes", problem);
  }
  return stream;
}

Result<void> StreamedFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return write_error(file_, "write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> StreamedFile::commit() {
  if (::fsync(descriptor_) != 0) return write_error(file_, "fsync", errno);
  if (::rename(aside_.c_str(), file_.c_str()) != 0) return write_error(file_, "replace", errno);
  ::close(descriptor_);
  descriptor_ = -1;
  return sync_folder_of(file_);
}

}  // namespace liquid::formats
