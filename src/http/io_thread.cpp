#include "http/io_thread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/log.h"
#include "http/connection.h"

namespace liquid::http {
namespace {

using std::chrono::milliseconds;

// Only this thread touches the sockets, so the reactor needs no locks; `post` stays safe.
constexpr int kConcurrencyHint = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;

// A client that was told 503 may still be sending; so many of them are waited for, the rest are
// cut.
constexpr std::size_t kMaxTurnedAway = 128;

// Deadlines are kept to a quarter of the shortest limit, at most 250 ms late.
milliseconds sweep_period_for(const ServerOptions& options) {
  const milliseconds shortest =
      std::min({options.head_timeout, options.body_timeout, options.idle_timeout,
                options.write_timeout, options.answer_timeout});
  return std::clamp(shortest / 4, milliseconds(5), milliseconds(250));
}

}  // namespace

IoThread::IoThread(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)),
      context_(kConcurrencyHint),
      work_(asio::make_work_guard(context_)),
      ready_(context_),
      sweeper_(context_),
      grace_(context_),
      sweep_period_(sweep_period_for(shared_->options)),
      workspaces_({.max_head_bytes = shared_->options.max_head_bytes,
                   .max_body_bytes = shared_->options.max_body_bytes}) {}

IoThread::~IoThread() = default;

void IoThread::run() {
  schedule_sweep();
  ready_.start();
  context_.run();
  open_.with([](bool& open) { open = false; });
  context_.restart();
  context_.poll();  // frees what was posted last
}

void IoThread::stop(milliseconds grace) {
  post([this, grace] { begin_stop(grace); });
}

void IoThread::begin_stop(milliseconds grace) {
  stopping_ = true;  // again: whoever asks a second time may be in more of a hurry
  // Backwards here and below: a connection that ends takes itself out, and the last takes its
  // place.
  for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->ask_to_stop();
  grace_.expires_after(grace);
  grace_.async_wait([this](const error_code& error) {
    if (!error) cut_all();
  });
  finish_if_empty();
}

void IoThread::cut_all() {
  for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->cut();
}

void IoThread::finish_if_empty() {
  if (!stopping_ || !connections_.empty()) return;
  work_.reset();
  ready_.stop();
  sweeper_.cancel();
  grace_.cancel();
}

void IoThread::adopt(Accepted accepted) {
  load_.fetch_add(1, std::memory_order_relaxed);
  post([this, taken = std::move(accepted)]() mutable { start(std::move(taken), Welcome::serve); });
}

void IoThread::turn_away(Accepted accepted) {
  load_.fetch_add(1, std::memory_order_relaxed);
  post([this, taken = std::move(accepted)]() mutable {
    start(std::move(taken), Welcome::turn_away);
  });
}

std::unique_ptr<Connection> IoThread::make_connection(Accepted accepted) {
  const int descriptor = accepted.socket.get();
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  Stream stream = shared_->tls ? Stream(std::move(accepted.socket), *shared_->tls)
                               : Stream(std::move(accepted.socket));
  auto connection = std::make_unique<Connection>(*this, std::move(stream), accepted.peer);
  if (ready_.add(descriptor, *connection)) return connection;
  log_event(LogLevel::warning, "connection not taken",
            {{"reason", std::generic_category().message(errno)}});
  return nullptr;
}

void IoThread::start(Accepted accepted, Welcome welcome) {
  std::unique_ptr<Connection> made;
  const bool has_room = welcome == Welcome::serve || turned_away_ < kMaxTurnedAway;
  if (!stopping_ && has_room) made = make_connection(std::move(accepted));
  if (!made) {
    load_.fetch_sub(1, std::memory_order_relaxed);
    if (welcome == Welcome::serve) shared_->open_connections.fetch_sub(1);
    return;
  }
  Connection& connection = *made;
  connection.index = connections_.size();
  connection.counts_as_turned_away = welcome == Welcome::turn_away;
  connections_.push_back(std::move(made));
  switch (welcome) {
    case Welcome::serve: connection.serve(); return;
    case Welcome::turn_away:
      ++turned_away_;
      connection.turn_away();
      return;
  }
}

void IoThread::remove(Connection& connection) {
  load_.fetch_sub(1, std::memory_order_relaxed);
  if (connection.counts_as_turned_away) {
    --turned_away_;
  } else {
    shared_->open_connections.fetch_sub(1);
  }
  const std::size_t index = connection.index;
  connections_[index].swap(connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();
  finish_if_empty();
}

bool IoThread::recharge_input(std::size_t before, std::size_t now) {
  // Unsigned arithmetic wraps: adding a negative difference is a subtraction.
  const std::size_t total = shared_->buffered_bytes.fetch_add(now - before) + now - before;
  return total <= options().max_buffered_bytes;
}

void IoThread::schedule_sweep() {
  // Cancelling a timer does not reach a handler that is queued already; set again, it would keep
  // `run` from ending.
  if (!work_) return;
  sweeper_.expires_after(sweep_period_);
  sweeper_.async_wait([this](const error_code& error) {
    if (error) return;
    sweep();
    schedule_sweep();
  });
}

void IoThread::sweep() {
  const Monotonic now = std::chrono::steady_clock::now();
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (connections_[i]->deadline() <= now) connections_[i]->expire();
  }
}

}  // namespace liquid::http
