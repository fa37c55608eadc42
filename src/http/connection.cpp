#include "http/connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "http/error_response.h"
#include "http/request_id.h"

namespace liquid::http {
namespace {

using std::chrono::steady_clock;

// A read is worth its system call from here on.
constexpr std::size_t kMinReadBytes = 2048;
// What an input buffer begins with; more than that counts (see ServerOptions::max_buffered_bytes).
constexpr std::size_t kSmallInput = std::size_t{8} * 1024;
// A client that pipelines without end lets the thread's other connections have their turn.
constexpr unsigned kRequestsPerTurn = 32;
// A body up to this size is copied behind its head: for 2 KB that takes 40 ns, while sendmsg with a
// second part takes 170 ns longer than send (measured on Linux 6.18).
constexpr std::size_t kMostCopiedBytes = std::size_t{4} * 1024;
constexpr std::chrono::milliseconds kLingerLimit{2'000};
constexpr std::uint32_t kEnded = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::string_view kContinueLine = "HTTP/1.1 100 Continue\r\n\r\n";

asio::ip::address unmapped(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address;
}

// Takes `count` written bytes off the front.
void advance(Outgoing& outgoing, std::size_t count) {
  for (std::string_view& part : outgoing) {
    const std::size_t here = std::min(count, part.size());
    part.remove_prefix(here);
    count -= here;
  }
}

}  // namespace

// Suspends until the socket can do what the stream wanted, or `wake` was called.
struct Connection::Readiness {
  Connection& connection;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    connection.suspended_ = handle;
    connection.requests_in_turn_ = 0;
    const bool known =
        connection.wanted_ == IoStatus::wants_read && connection.stream_.is_readable();
    connection.waits_for_socket_ = !known;
    if (known) asio::post(connection.thread_.context(), [handle] { handle.resume(); });
  }
  void await_resume() const {}
};

// Suspends until `deliver`.
struct Connection::Answered {
  Connection& connection;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { connection.suspended_ = handle; }
  void await_resume() const {}
};

// Goes to the end of the thread's queue.
struct Connection::Turn {
  Connection& connection;

  bool await_ready() const { return connection.requests_in_turn_ < kRequestsPerTurn; }
  void await_suspend(std::coroutine_handle<> handle) {
    connection.suspended_ = handle;
    connection.requests_in_turn_ = 0;
    asio::post(connection.thread_.context(), [handle] { handle.resume(); });
  }
  void await_resume() const {}
};

Connection::Connection(IoThread& thread, Stream stream, const asio::ip::tcp::endpoint& peer)
    : thread_(thread), stream_(std::move(stream)), now_(steady_clock::now()) {
  const asio::ip::address address = unmapped(peer.address());
  remote_address_ = address.to_string();
  remote_is_loopback_ = address.is_loopback();
  enter_phase(Phase::handshake, thread.options().head_timeout);
}

Connection::~Connection() {
  // Only a server that is destroyed without having run to its end still has suspended sessions.
  if (suspended_) suspended_.destroy();
  if (pending_) pending_->forget_connection();
}

void Connection::on_ready(std::uint32_t events) {
  if ((events & EPOLLIN) != 0) stream_.note_readable();
  if ((events & kEnded) != 0) stream_.note_hung_up();
  const std::uint32_t wanted = wanted_ == IoStatus::wants_write ? EPOLLOUT : EPOLLIN;
  if ((events & (wanted | kEnded)) != 0) wake();
}

void Connection::session_ended() {
  suspended_ = nullptr;
  if (pending_) pending_->forget_connection();
  give_back_workspace();
  thread_.remove(*this);
}

Session<Connection> Connection::serve() {
  try {
    Progress progress = Progress::ready;
    while ((progress = shake_hands()) == Progress::waiting) co_await Readiness{*this};
    while (progress == Progress::ready) {
      while ((progress = receive()) == Progress::waiting) co_await Readiness{*this};
      if (progress == Progress::closed) break;
      if (!refused_) answer_request();
      if (pending_) {
        co_await Answered{*this};
        leave_layers();
      }
      compose();
      while ((progress = transmit()) == Progress::waiting) co_await Readiness{*this};
      if (progress == Progress::ready) progress = next_request();
      co_await Turn{*this};
    }
    while (linger() == Progress::waiting) co_await Readiness{*this};
  } catch (const std::exception& error) {
    fail(error);
  }
}

Session<Connection> Connection::turn_away() {
  try {
    refuse(refusals::kTooManyConnections);
    compose();
    while (transmit() == Progress::waiting) co_await Readiness{*this};
    while (linger() == Progress::waiting) co_await Readiness{*this};
  } catch (const std::exception& error) {
    fail(error);
  }
}

// A layer threw: a defect. The client gets what one write can carry.
void Connection::fail(const std::exception& error) noexcept {
  log_event(LogLevel::error, "session failed",
            {{"reason", std::string_view(error.what())}, {"remote", remote_address_}});
  if (phase_ == Phase::write || phase_ == Phase::linger || !work_) return;
  try {
    refuse(refusals::kInternal);
    compose();
    transmit();
  } catch (const std::exception&) {  // out of memory: the connection closes without an answer
  }
}

Connection::Progress Connection::shake_hands() {
  if (broken_ || expired_) return Progress::closed;
  return note(stream_.handshake());
}

Connection::Progress Connection::receive() {
  for (;;) {
    if (parse_needed_ && parse() == Progress::ready) return Progress::ready;
    if (broken_) return Progress::closed;
    if (expired_) return give_up_waiting();
    if (!stream_.may_have_input()) {
      wanted_ = IoStatus::wants_read;
      return wait_for_input();
    }
    if (!work_) work_ = thread_.workspaces().take();
    const IoResult result = stream_.read(work_->input.space(kMinReadBytes));
    if (result.status == IoStatus::closed) return Progress::closed;
    if (result.status != IoStatus::done) {
      note(result.status);
      return wait_for_input();
    }
    work_->input.commit(result.count);
    parse_needed_ = true;
    if (!account_input()) return refuse(refusals::kTooMuchInput);
  }
}

Connection::Progress Connection::give_up_waiting() {
  if (phase_ == Phase::idle) return Progress::closed;
  expired_ = false;  // the refusal has its own time to be written
  return refuse(refusals::kTimedOut);
}

// `ready`: the request is complete, or refused.
Connection::Progress Connection::parse() {
  parse_needed_ = false;
  switch (work_->parser.parse(work_->input)) {
    case RequestParser::Stage::complete: return Progress::ready;
    case RequestParser::Stage::failed: return refuse(work_->parser.refusal());
    case RequestParser::Stage::head:
    case RequestParser::Stage::body: return Progress::waiting;
  }
  return Progress::closed;
}

// A deadline belongs to its phase: single bytes that trickle in do not move it.
Connection::Progress Connection::wait_for_input() {
  const ServerOptions& options = thread_.options();
  if (!work_ || work_->input.empty()) {
    if (thread_.stopping()) return Progress::closed;
    give_back_workspace();
    if (phase_ == Phase::idle) return Progress::waiting;
    enter_phase(Phase::idle, first_request_ ? options.head_timeout : options.idle_timeout);
  } else if (work_->parser.stage() == RequestParser::Stage::head) {
    if (phase_ != Phase::head) enter_phase(Phase::head, options.head_timeout);
  } else if (phase_ != Phase::body) {
    enter_phase(Phase::body, options.body_timeout);
    send_continue();
  }
  return broken_ ? Progress::closed : Progress::waiting;
}

// Nothing else is on its way to the client then, so these bytes always find room; if not, the
// connection is of no use.
void Connection::send_continue() {
  if (continue_sent_ || !work_->parser.expects_continue()) return;
  continue_sent_ = true;
  const IoResult result = stream_.write({kContinueLine, {}});
  broken_ = result.status != IoStatus::done || result.count != kContinueLine.size();
}

// No layer sees such a request, so it is logged and counted here.
Connection::Progress Connection::refuse(const Refusal& refusal) {
  log_event(LogLevel::info, "request refused",
            {{"status", std::int64_t{refusal.status}},
             {"code", refusal.code},
             {"remote", std::string_view(remote_address_)}});
  if (thread_.options().on_refusal) thread_.options().on_refusal(refusal.status);
  if (!work_) work_ = thread_.workspaces().take();
  work_->response = error_response(refusal);
  refused_ = true;
  return Progress::ready;
}

void Connection::answer_request() {
  begin_exchange();
  Chain::Entered entered = thread_.chain().enter(work_->exchange);
  depth_ = entered.depth;
  if (auto* deferred = std::get_if<Deferred>(&entered.step)) return defer(*deferred);
  work_->response = std::move(std::get<Response>(entered.step));
  leave_layers();
}

void Connection::begin_exchange() {
  Exchange& exchange = work_->exchange;
  // The two strings keep their storage; everything else starts afresh.
  std::string request_id = std::move(exchange.request_id);
  std::string tenant = std::move(exchange.tenant);
  tenant.clear();
  exchange = Exchange();
  exchange.request = work_->parser.request();
  exchange.remote_address = remote_address_;
  exchange.remote_is_loopback = remote_is_loopback_;
  exchange.received = now_;
  choose_request_id(exchange.request.header("x-request-id"), request_id);
  exchange.request_id = std::move(request_id);
  exchange.tenant = std::move(tenant);
}

void Connection::defer(const Deferred& deferred) {
  enter_phase(Phase::answer, thread_.options().answer_timeout);
  pending_ = std::make_shared<PendingAnswer>(thread_.shared_from_this(), *this);
  deferred.start(PendingAnswer::completion(pending_));
}

void Connection::deliver(Response response, CacheOutcome outcome) {
  pending_->forget_connection();
  pending_.reset();
  work_->response = std::move(response);
  work_->exchange.cache_outcome = outcome;
  now_ = steady_clock::now();
  suspended_.resume();
}

void Connection::leave_layers() {
  std::string& own_headers = work_->response.headers.text();
  if (own_headers.empty()) own_headers.swap(work_->spare_header_text);
  thread_.chain().leave(work_->exchange, work_->response, depth_);
}

void Connection::compose() {
  const bool stays = work_->parser.keep_alive() && !refused_ && !thread_.stopping();
  after_ = stays ? AfterAnswer::keep_alive : AfterAnswer::close;
  const Response& response = work_->response;
  work_->head.clear();
  append_head(work_->head, response,
              {.request_minor_version = work_->parser.minor_version(),
               .after = after_,
               .date_line = thread_.date().now()});
  const bool asks_for_head = !refused_ && work_->parser.request().method == Method::head;
  const bool has_body = status_has_body(response.status) && !asks_for_head;
  std::string_view body = has_body ? response.content() : std::string_view();
  if (body.size() <= kMostCopiedBytes) {
    work_->head.append(body);
    body = {};
  }
  outgoing_ = {work_->head, body};
  enter_phase(Phase::write, thread_.options().write_timeout);
}

Connection::Progress Connection::transmit() {
  while (!outgoing_[0].empty() || !outgoing_[1].empty()) {
    if (broken_ || expired_) return Progress::closed;
    const IoResult result = stream_.write(outgoing_);
    if (result.status != IoStatus::done) return note(result.status);
    advance(outgoing_, result.count);
  }
  return Progress::ready;
}

Connection::Progress Connection::next_request() {
  if (after_ == AfterAnswer::close) return Progress::closed;
  Workspace& work = *work_;
  work.input.consume(work.parser.consumed());
  work.parser.reset();
  work.response.headers.clear();
  work.spare_header_text.swap(work.response.headers.text());
  work.response = Response();
  account_input();
  parse_needed_ = !work.input.empty();
  if (parse_needed_) now_ = steady_clock::now();
  continue_sent_ = false;
  first_request_ = false;
  ++requests_in_turn_;
  return Progress::ready;
}

// Closing a socket with unread input resets it, and the reset can destroy the answer on its way. So
// where input may still come, sending ends first and the rest is read away.
Connection::Progress Connection::linger() {
  if (phase_ != Phase::linger) {
    const bool has_rest = work_ && work_->input.size() > work_->parser.consumed();
    if (phase_ != Phase::write || broken_ || expired_) return Progress::closed;
    stream_.shutdown_send();
    if (!refused_ && !has_rest) return Progress::closed;
    give_back_workspace();
    enter_phase(Phase::linger, kLingerLimit);
  }
  if (broken_ || expired_) return Progress::closed;
  return note(stream_.drain());
}

Connection::Progress Connection::note(IoStatus status) {
  switch (status) {
    case IoStatus::done: return Progress::ready;
    case IoStatus::closed: return Progress::closed;
    case IoStatus::wants_read:
    case IoStatus::wants_write: wanted_ = status; return Progress::waiting;
  }
  return Progress::closed;
}

void Connection::enter_phase(Phase phase, std::chrono::milliseconds limit) {
  phase_ = phase;
  deadline_ = now_ + limit;
}

void Connection::give_back_workspace() {
  if (!work_) return;
  if (charged_ > 0) thread_.recharge_input(std::exchange(charged_, 0), 0);
  thread_.workspaces().give_back(std::move(work_));
}

// False when the input of all connections together is too much. Usual requests are not counted at
// all.
bool Connection::account_input() {
  const std::size_t size = work_->input.size();
  const std::size_t held = size > kSmallInput ? size : 0;
  return held == charged_ || thread_.recharge_input(std::exchange(charged_, held), held);
}

void Connection::wake() {
  if (!waits_for_socket_) return;
  waits_for_socket_ = false;
  now_ = steady_clock::now();
  suspended_.resume();
}

void Connection::expire() {
  deadline_ = Monotonic::max();
  if (phase_ == Phase::answer) {
    pending_->answer(error_response(refusals::kAnswerTimedOut), CacheOutcome::none);
    return;
  }
  expired_ = true;
  wake();
}

void Connection::ask_to_stop() {
  if (phase_ != Phase::idle && phase_ != Phase::handshake) return;
  broken_ = true;
  wake();
}

void Connection::cut() {
  broken_ = true;
  if (phase_ == Phase::answer) {
    pending_->answer(error_response(refusals::kStopping), CacheOutcome::none);
  } else {
    wake();
  }
}

}  // namespace liquid::http
