#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <string>

#include "http/io_thread.h"
#include "http/pending_answer.h"
#include "http/refusal.h"
#include "http/session.h"
#include "http/stream.h"

namespace liquid::http {

/// One client connection: reads a request, runs the layers, writes the answer, again and again. The
/// coroutine `serve` is the whole story; everything it calls is synchronous and never blocks.
///
/// Deadlines: each phase has one, `expire` is called by the sweeper when it has passed.
class Connection {
 public:
  Connection(IoThread& thread, Stream stream, const asio::ip::tcp::endpoint& peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs until the connection is done; `IoThread::remove` is its last act.
  Session<Connection> serve();
  /// The same for a connection there is no room for: 503, close.
  Session<Connection> turn_away();

  /// The kernel's news about the socket (EPOLLIN, …).
  void on_ready(std::uint32_t events);

  Monotonic deadline() const { return deadline_; }
  void expire();
  /// Closes when idle, else after the request in flight.
  void ask_to_stop();
  /// Closes now, whatever happens on it.
  void cut();

  void deliver(Response response, CacheOutcome outcome);
  void session_ended();

  std::size_t index = 0;  ///< Place in the thread's list, kept by it.
  bool counts_as_turned_away = false;

 private:
  enum class Phase { handshake, idle, head, body, answer, write, linger };
  enum class Progress { ready, waiting, closed };
  struct Readiness;
  struct Answered;
  struct Turn;

  Progress shake_hands();
  Progress receive();
  Progress parse();
  Progress wait_for_input();
  Progress give_up_waiting();
  Progress refuse(const Refusal& refusal);
  void send_continue();
  void answer_request();
  void begin_exchange();
  void defer(const Deferred& deferred);
  void leave_layers();
  void fail(const std::exception& error) noexcept;
  void compose();
  Progress transmit();
  Progress next_request();
  Progress linger();
  Progress note(IoStatus status);
  void enter_phase(Phase phase, std::chrono::milliseconds limit);
  void give_back_workspace();
  bool account_input();
  void wake();

  IoThread& thread_;
  Stream stream_;
  std::string remote_address_;
  bool remote_is_loopback_ = false;

  Phase phase_ = Phase::handshake;
  Monotonic now_{};  // when the last wait ended
  Monotonic deadline_{};
  IoStatus wanted_ = IoStatus::wants_read;
  bool waits_for_socket_ = false;
  bool expired_ = false;  // by the sweeper
  bool broken_ = false;   // nothing can be sent or received any more
  bool first_request_ = true;

  std::unique_ptr<Workspace> work_;
  std::size_t charged_ = 0;  // bytes of input that count against all connections' limit
  AfterAnswer after_ = AfterAnswer::keep_alive;
  bool parse_needed_ = false;  // there are bytes that the parser has not seen
  bool continue_sent_ = false;
  bool refused_ = false;
  std::size_t depth_ = 0;  // of layers entered
  Outgoing outgoing_;
  unsigned requests_in_turn_ = 0;

  std::shared_ptr<PendingAnswer> pending_;
  std::coroutine_handle<> suspended_;  // for answers and for clean-up
};

}  // namespace liquid::http
