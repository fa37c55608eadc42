#include "search/generation_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace liquid::search {
namespace {

constexpr std::size_t kBytes = sizeof(std::uint64_t);

Error system_error(const std::filesystem::path& path, std::string_view doing) {
  const int number = errno;
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT) code = ErrorCode::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = ErrorCode::permission_denied;
  return Error{code,
               path.string() + ": cannot " + std::string(doing) + ": " + std::strerror(number)};
}

}  // namespace

void GenerationFile::Unmap::operator()(Counter* counter) const { ::munmap(counter, kBytes); }

Result<GenerationFile> GenerationFile::create(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return system_error(path, "create");
  struct stat status {};
  // A file that is there is never made shorter: another process may have it mapped.
  if (::fstat(descriptor, &status) == 0 && static_cast<std::size_t>(status.st_size) < kBytes &&
      ::ftruncate(descriptor, kBytes) != 0) {
    Error error = system_error(path, "size");
    ::close(descriptor);
    return error;
  }
  return map(descriptor, path, Access::write);
}

Result<GenerationFile> GenerationFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_error(path, "open");
  return map(descriptor, path, Access::read);
}

Result<GenerationFile> GenerationFile::map(int descriptor, const std::filesystem::path& path,
                                           Access access) {
  struct stat status {};
  const bool short_file =
      ::fstat(descriptor, &status) != 0 || static_cast<std::size_t>(status.st_size) < kBytes;
  const int protection = access == Access::write ? PROT_READ | PROT_WRITE : PROT_READ;
  void* mapped =
      short_file ? MAP_FAILED : ::mmap(nullptr, kBytes, protection, MAP_SHARED, descriptor, 0);
  Error error = system_error(path, "map");
  ::close(descriptor);
  if (short_file) return Error{ErrorCode::data_corrupt, path.string() + ": shorter than 8 bytes"};
  if (mapped == MAP_FAILED) return error;
  return GenerationFile(static_cast<Counter*>(mapped));
}

}  // namespace liquid::search
