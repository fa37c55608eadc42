#pragma once

#include <atomic>
#include <memory>

#include "http/layer.h"

namespace liquid::http {

class Connection;
class IoThread;

/// The place where a deferred answer meets its connection again. Shared by the connection and the
/// copies of the Completion; the first answer counts, later ones are dropped.
///
/// Threads: `answer` from any; `connection_` is only touched on the I/O thread.
class PendingAnswer : public std::enable_shared_from_this<PendingAnswer> {
 public:
  PendingAnswer(std::shared_ptr<IoThread> thread, Connection& connection);

  /// Carries the answer to the I/O thread.
  void answer(Response response, CacheOutcome outcome);
  /// The connection has its answer or has gone. On the I/O thread.
  void forget_connection() { connection_ = nullptr; }

  /// What layers get. If every copy goes away uncalled, the client is answered 500 at once instead
  /// of waiting for the time-out.
  static Completion completion(const std::shared_ptr<PendingAnswer>& pending);

 private:
  const std::shared_ptr<IoThread> thread_;  // keeps the io_context alive for late answers
  Connection* connection_;
  std::atomic<bool> answered_{false};
};

}  // namespace liquid::http
