#include "http/ready_set.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "http/connection.h"

namespace liquid::http {
namespace {

constexpr int kBatch = 256;

int make_set() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return descriptor;
}

}  // namespace

ReadySet::ReadySet(asio::io_context& context) : context_(context), set_(context, make_set()) {}

bool ReadySet::add(int descriptor, Connection& connection) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &connection;
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void ReadySet::stop() {
  stopped_ = true;
  error_code ignored;  // nothing to cancel is as good
  set_.cancel(ignored);
}

void ReadySet::wait() {
  if (stopped_) return;
  set_.async_wait(asio::posix::descriptor_base::wait_read, [this](const error_code& error) {
    if (!error) dispatch();
  });
}

void ReadySet::dispatch() {
  std::array<epoll_event, kBatch> events;
  const int count = ::epoll_wait(set_.native_handle(), events.data(), kBatch, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<Connection*>(event.data.ptr)->on_ready(event.events);
  }
  if (count <= 0) return wait();
  // Under load there is more already: looking again is cheaper than being told again.
  asio::post(context_, [this] { dispatch(); });
}

}  // namespace liquid::http
