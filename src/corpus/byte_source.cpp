#include "corpus/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace liquid::corpus {
namespace {

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t count = std::min(buffer.size(), bytes_.size());
    std::copy_n(bytes_.begin(), count, buffer.begin());
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
};

class FileSource final : public ByteSource {
 public:
  explicit FileSource(int descriptor) : descriptor_(descriptor) {}
  ~FileSource() override { ::close(descriptor_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  int descriptor() const { return descriptor_; }

  Result<std::size_t> read(std::span<char> buffer) override {
    ssize_t count = -1;
    do {
      count = ::read(descriptor_, buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    if (count >= 0) return static_cast<std::size_t>(count);
    return Error{ErrorCode::unavailable, std::string("cannot read: ") + std::strerror(errno)};
  }

 private:
  const int descriptor_;
};

class CountedSource final : public ByteSource {
 public:
  CountedSource(std::unique_ptr<ByteSource> source, std::atomic<std::uint64_t>& counter)
      : source_(std::move(source)), counter_(counter) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    Result<std::size_t> count = source_->read(buffer);
    if (count) counter_.fetch_add(*count, std::memory_order_relaxed);
    return count;
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::atomic<std::uint64_t>& counter_;
};

Error open_error(int number) {
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT || number == ENOTDIR || number == ELOOP) code = ErrorCode::not_found;
  if (number == EACCES || number == EPERM) code = ErrorCode::permission_denied;
  return Error{code, std::string("cannot open: ") + std::strerror(number)};
}

}  // namespace

std::unique_ptr<ByteSource> memory_source(std::string_view bytes) {
  return std::make_unique<MemorySource>(bytes);
}

Result<std::unique_ptr<ByteSource>> file_source(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a named pipe nobody writes to would wait for ever.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return open_error(errno);
  auto source = std::make_unique<FileSource>(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return open_error(errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::invalid_argument, S_ISDIR(status.st_mode)
                                                  ? "is a folder, expected a file"
                                                  : "is not a regular file"};
  }
  return Result<std::unique_ptr<ByteSource>>(std::move(source));
}

std::unique_ptr<ByteSource> counted(std::unique_ptr<ByteSource> source,
                                    std::atomic<std::uint64_t>& counter) {
  return std::make_unique<CountedSource>(std::move(source), counter);
}

Result<std::string> read_all(ByteSource& source, std::uint64_t max_bytes) {
  std::string all;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const Result<std::size_t> count = source.read(buffer);
    if (!count) return count.error();
    if (*count == 0) return all;
    if (all.size() + *count > max_bytes) {
      return Error{ErrorCode::resource_exhausted,
                   "larger than the limit of " + std::to_string(max_bytes) + " bytes"};
    }
    all.append(buffer.data(), *count);
  }
}

}  // namespace liquid::corpus
