#include "train/data/unpacked_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

namespace liquid::train {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

Error open_error(const std::filesystem::path& file, int number) {
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT || number == ENOTDIR || number == ELOOP) code = ErrorCode::not_found;
  if (number == EACCES || number == EPERM) code = ErrorCode::permission_denied;
  return Error{code, file.string() + ": cannot open: " + std::strerror(number)};
}

}  // namespace

struct UnpackedFile::State {
  State(std::filesystem::path path_of_file, gzFile opened)
      : path(std::move(path_of_file)), stream(opened) {}
  ~State() { gzclose(stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::filesystem::path path;
  gzFile stream;
  std::string buffer;
  std::size_t consumed = 0;
};

UnpackedFile::UnpackedFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
UnpackedFile::UnpackedFile(UnpackedFile&&) noexcept = default;
UnpackedFile& UnpackedFile::operator=(UnpackedFile&&) noexcept = default;
UnpackedFile::~UnpackedFile() = default;

Result<UnpackedFile> UnpackedFile::open(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return open_error(file, errno);
  gzFile stream = gzdopen(descriptor, "rb");
  if (stream == nullptr) {
    ::close(descriptor);
    return Error{ErrorCode::unavailable, file.string() + ": no memory to read it"};
  }
  gzbuffer(stream, kPieceBytes);
  return UnpackedFile(std::make_unique<State>(file, stream));
}

std::string_view UnpackedFile::window() const {
  return std::string_view(state_->buffer).substr(state_->consumed);
}

void UnpackedFile::consume(std::size_t count) { state_->consumed += count; }

Result<bool> UnpackedFile::more() {
  State& state = *state_;
  state.buffer.erase(0, state.consumed);
  state.consumed = 0;
  const std::size_t kept = state.buffer.size();
  state.buffer.resize(kept + kPieceBytes);
  const int count = gzread(state.stream, state.buffer.data() + kept, kPieceBytes);
  state.buffer.resize(kept + (count > 0 ? static_cast<std::size_t>(count) : 0));
  if (count > 0) return true;
  int code = Z_OK;
  const char* reason = gzerror(state.stream, &code);
  if (code == Z_OK || code == Z_STREAM_END) return false;
  const std::string path = state.path.string();
  if (code == Z_ERRNO) {
    return Error{ErrorCode::unavailable, path + ": cannot read: " + std::strerror(errno)};
  }
  if (code == Z_BUF_ERROR) return Error{ErrorCode::data_corrupt, path + ": gzip ends too early"};
  return Error{ErrorCode::data_corrupt, path + ": damaged gzip: " + reason};
}

Result<std::string> read_unpacked(const std::filesystem::path& file, std::uint64_t max_bytes) {
  Result<UnpackedFile> opened = UnpackedFile::open(file);
  if (!opened) return std::move(opened).error();
  std::string all;
  for (;;) {
    const Result<bool> more = opened->more();
    if (!more) return more.error();
    if (!*more) return all;
    all += opened->window();
    opened->consume(opened->window().size());
    if (all.size() > max_bytes) {
      return Error{ErrorCode::resource_exhausted, file.string() + ": larger than the limit of " +
                                                      std::to_string(max_bytes) + " bytes"};
    }
  }
}

}  // namespace liquid::train
