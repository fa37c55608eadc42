#include "formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace liquid::formats {
namespace {

Error open_error(const std::filesystem::path& file, int number) {
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT || number == ENOTDIR) code = ErrorCode::not_found;
  if (number == EACCES || number == EPERM) code = ErrorCode::permission_denied;
  return {code, file.string() + ": cannot be read: " + std::strerror(number)};
}

}  // namespace

Result<std::unique_ptr<MappedFile>> MappedFile::open(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return open_error(file, errno);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    return Error{ErrorCode::invalid_argument, file.string() + ": is a folder, expected a file"};
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) {  // mmap refuses a length of nothing
    ::close(descriptor);
    return std::unique_ptr<MappedFile>(new MappedFile({}));
  }
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int problem = errno;
  ::close(descriptor);
  if (memory == MAP_FAILED) return open_error(file, problem);
  return std::unique_ptr<MappedFile>(new MappedFile({static_cast<const std::byte*>(memory), size}));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::forget(std::span<const std::byte> part) const {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto base = reinterpret_cast<std::uintptr_t>(part.data());
  const std::uintptr_t first = (base + page - 1) / page * page;
  const std::uintptr_t last = (base + part.size()) / page * page;
  if (first < last) {
    const std::size_t skipped = first - base;
    ::madvise(const_cast<std::byte*>(part.data() + skipped), last - first, MADV_DONTNEED);
  }
}

}  // namespace liquid::formats
