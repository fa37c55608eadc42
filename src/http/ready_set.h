#pragma once

#include <cstdint>

#include "http/asio.h"

namespace liquid::http {

class Connection;

/// Tells connections when their sockets have become readable or writable: one edge-triggered epoll
/// set that the io_context watches as one descriptor.
///
/// Why not the sockets' own `async_wait`: it makes one epoll_ctl call per request, and
/// `async_read_some` one recv that finds nothing. Registered once for good, a socket costs one
/// epoll_wait per batch of requests.
class ReadySet {
 public:
  explicit ReadySet(asio::io_context& context);

  /// From now on `connection.on_ready` is called when there is news. Closing the descriptor ends
  /// that. False when the kernel has no room.
  bool add(int descriptor, Connection& connection);

  void start() { wait(); }
  /// So that the io_context can run out of work.
  void stop();

 private:
  void wait();
  void dispatch();

  asio::io_context& context_;
  asio::posix::basic_stream_descriptor<Executor> set_;
  bool stopped_ = false;
};

}  // namespace liquid::http
