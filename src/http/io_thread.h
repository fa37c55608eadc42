#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "http/asio.h"
#include "http/chain.h"
#include "http/descriptor.h"
#include "http/ready_set.h"
#include "http/response_head.h"
#include "http/server.h"
#include "http/workspace.h"

namespace liquid::http {

class Connection;

/// What all I/O threads of a server share; constant but for the counters.
struct Shared {
  Shared(ServerOptions server_options, std::vector<Layer*> layers)
      : options(std::move(server_options)), chain(std::move(layers)) {}

  const ServerOptions options;
  const Chain chain;
  std::unique_ptr<asio::ssl::context> tls;
  std::atomic<std::size_t> open_connections{0};
  std::atomic<std::size_t> buffered_bytes{0};  ///< See ServerOptions::max_buffered_bytes.
};

/// A socket that was accepted and not yet given to a connection.
struct Accepted {
  Descriptor socket;
  asio::ip::tcp::endpoint peer;
};

/// One io_context and the connections that live on it for good. A sweeper visits all connections a
/// few times per second; that is all the timing there is, so a request sets no timer.
///
/// Threads: `post`, `adopt` and `stop` from any; everything else on this thread.
class IoThread : public std::enable_shared_from_this<IoThread> {
 public:
  explicit IoThread(std::shared_ptr<Shared> shared);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  /// Until `stop` was called and the last connection has ended.
  void run();
  void stop(std::chrono::milliseconds grace);

  void adopt(Accepted accepted);
  /// Answers 503 and closes.
  void turn_away(Accepted accepted);

  /// Runs `function` on this thread; drops it when the thread has ended.
  template <typename Function>
  void post(Function function) {
    open_.with([&](const bool& open) {
      if (open) asio::post(context_, std::move(function));
    });
  }

  /// Counts `now` instead of `before` bytes of input; false when all together are too many.
  bool recharge_input(std::size_t before, std::size_t now);

  const ServerOptions& options() const { return shared_->options; }
  const Chain& chain() const { return shared_->chain; }
  bool stopping() const { return stopping_; }
  DateLine& date() { return date_; }
  WorkspacePool& workspaces() { return workspaces_; }
  asio::io_context& context() { return context_; }
  /// Approximate number of connections, for dealing out new ones. Any thread.
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }

  /// Called by the connection itself, as its last act.
  void remove(Connection& connection);

 private:
  enum class Welcome { serve, turn_away };
  void start(Accepted accepted, Welcome welcome);
  std::unique_ptr<Connection> make_connection(Accepted accepted);
  void schedule_sweep();
  void sweep();
  void begin_stop(std::chrono::milliseconds grace);
  void cut_all();
  void finish_if_empty();

  const std::shared_ptr<Shared> shared_;
  asio::io_context context_;
  std::optional<asio::executor_work_guard<Executor>> work_;
  ReadySet ready_;
  Timer sweeper_;
  Timer grace_;
  const std::chrono::milliseconds sweep_period_;
  Guarded<bool> open_{true};  // a queued function may own this object: nothing is queued for ever
  bool stopping_ = false;
  DateLine date_;
  WorkspacePool workspaces_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t turned_away_ = 0;  // connections that are being told 503
  std::atomic<std::size_t> load_{0};
};

}  // namespace liquid::http
