#include "api/line_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace liquid::api {
namespace {

constexpr std::size_t kWakeAt = std::size_t{256} * 1024;
constexpr std::chrono::milliseconds kPause{100};
// A pipe that poll calls writable takes this much at once and without blocking (PIPE_BUF, pipe(7)).
constexpr std::size_t kPiece = 4096;
constexpr int kPollMilliseconds = 100;
constexpr int kPatience = 10;  // polls without progress before a stopping writer gives up

// Whole lines, so that other writers of the same file come between lines only; a line longer than a
// piece goes as it is.
std::size_t piece_of(std::string_view bytes) {
  if (bytes.size() <= kPiece) return bytes.size();
  const std::size_t last = bytes.rfind('\n', kPiece - 1);
  return last == std::string_view::npos ? kPiece : last + 1;
}

ErrorCode code_of(int error_number) {
  if (error_number == ENOENT || error_number == ENOTDIR) return ErrorCode::not_found;
  if (error_number == EACCES || error_number == EPERM || error_number == EISDIR) {
    return ErrorCode::permission_denied;
  }
  return ErrorCode::unavailable;
}

}  // namespace

Result<std::unique_ptr<LineWriter>> LineWriter::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return Error{code_of(errno), "cannot write '" + path.string() + "': " + std::strerror(errno)};
  }
  return std::make_unique<LineWriter>(descriptor, Ownership::owned);
}

LineWriter::LineWriter(int descriptor, Ownership ownership)
    : descriptor_(descriptor), ownership_(ownership), thread_([this] { run(); }) {}

LineWriter::~LineWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_all();
  thread_.join();
  if (ownership_ == Ownership::owned) ::close(descriptor_);
}

void LineWriter::write(std::string_view line) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (pending_.size() + line.size() >= kMaxPending) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    pending_.append(line).push_back('\n');
    accepted_ += line.size() + 1;
    // Waking the thread costs a system call, so it is left to its own pace until much has gathered.
    wake = pending_.size() >= kWakeAt && !wanted_now_;
    if (wake) wanted_now_ = true;
  }
  if (wake) changed_.notify_all();
}

void LineWriter::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t goal = accepted_;
  wanted_now_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this, goal] { return finished_ >= goal; });
}

void LineWriter::run() {
  std::string batch;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      finished_ += batch.size();
      batch.clear();
      changed_.notify_all();
      const auto due = [this] { return wanted_now_ || stopping_.load(std::memory_order_relaxed); };
      changed_.wait_for(lock, kPause, due);
      wanted_now_ = false;
      batch.swap(pending_);
      if (batch.empty() && stopping_.load(std::memory_order_relaxed)) return;
    }
    put(batch);
  }
}

void LineWriter::put(std::string_view bytes) {
  int idle = 0;
  while (!bytes.empty()) {
    pollfd state{descriptor_, POLLOUT, 0};
    const int ready = ::poll(&state, 1, kPollMilliseconds);
    if (ready == 0) {
      if (stopping_.load(std::memory_order_relaxed) && ++idle >= kPatience) return;
      continue;
    }
    const ssize_t written = ::write(descriptor_, bytes.data(), piece_of(bytes));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return;
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      idle = 0;
    }
  }
}

}  // namespace liquid::api
