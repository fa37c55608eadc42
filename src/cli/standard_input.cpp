#include "cli/standard_input.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace liquid::cli {

StandardInput::StandardInput(std::stop_token stop)
    : stop_(std::move(stop)), wake_(::eventfd(0, EFD_CLOEXEC)) {
  on_stop_.emplace(stop_, [this] { ::eventfd_write(wake_, 1); });
}

StandardInput::~StandardInput() {
  on_stop_.reset();
  ::close(wake_);
}

Result<std::size_t> StandardInput::read(std::span<char> buffer) {
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    const int ready = ::poll(watched.data(), watched.size(), -1);
    if (stop_.stop_requested()) return Error{ErrorCode::cancelled, "stopped"};
    const ssize_t count = ready < 0 ? -1 : ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR || errno == EAGAIN) continue;
    return Error{ErrorCode::unavailable,
                 std::string("cannot read standard input: ") + std::strerror(errno)};
  }
}

}  // namespace liquid::cli
