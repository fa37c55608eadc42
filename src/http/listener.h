#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/asio.h"
#include "http/io_thread.h"

namespace liquid::http {

/// The listening socket. Lives on the first I/O thread and deals each new connection to the thread
/// with the fewest. (One socket per thread with SO_REUSEPORT would let a second server take the
/// same port without an error, and would leave threads idle by chance.)
class Listener {
 public:
  /// Errors: see Server::open.
  static Result<std::unique_ptr<Listener>> open(std::shared_ptr<Shared> shared,
                                                std::vector<std::shared_ptr<IoThread>> threads);

  std::uint16_t port() const { return port_; }
  /// Begins to accept once the first thread runs.
  void start();
  /// On the first thread.
  void close();

 private:
  Listener(std::shared_ptr<Shared> shared, std::vector<std::shared_ptr<IoThread>> threads);
  Result<void> bind(const asio::ip::tcp::endpoint& endpoint, const std::string& name);
  void wait();
  void accept_waiting();
  void deal(Accepted accepted);
  void pause(int error);

  const std::shared_ptr<Shared> shared_;
  const std::vector<std::shared_ptr<IoThread>> threads_;
  Acceptor acceptor_;
  Timer pause_;
  bool paused_before_ = false;  // since the last connection: one warning is enough
  std::uint16_t port_ = 0;
};

}  // namespace liquid::http
