#include "http/listener.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace liquid::http {
namespace {

using asio::ip::tcp;

// Per wake-up, so that a flood of new connections leaves time for those that are there.
constexpr int kAcceptsPerTurn = 64;
// Out of descriptors: closing connections will free some.
constexpr std::chrono::milliseconds kPause{100};

std::string address_name(const ServerOptions& options) {
  const bool is_v6 = options.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

Error listen_error(const std::string& name, const error_code& error) {
  const std::string message = "cannot listen on " + name + ": ";
  if (error == asio::error::address_in_use) {
    return {ErrorCode::conflict, message + "the address is in use by another program"};
  }
  if (error == asio::error::access_denied) {
    return {ErrorCode::permission_denied, message + error.message()};
  }
  return {ErrorCode::invalid_argument, message + error.message()};
}

// Of several addresses the first IPv4 one: "localhost" is mostly meant so.
Result<tcp::endpoint> resolve(asio::io_context& context, const ServerOptions& options) {
  tcp::resolver resolver(context);
  error_code error;
  const auto found =
      resolver.resolve(options.host, std::to_string(options.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) return listen_error(address_name(options), error);
  const auto first_v4 = std::find_if(found.begin(), found.end(), [](const auto& entry) {
    return entry.endpoint().address().is_v4();
  });
  return first_v4 != found.end() ? first_v4->endpoint() : found.begin()->endpoint();
}

}  // namespace

Listener::Listener(std::shared_ptr<Shared> shared, std::vector<std::shared_ptr<IoThread>> threads)
    : shared_(std::move(shared)),
      threads_(std::move(threads)),
      acceptor_(threads_.front()->context()),
      pause_(threads_.front()->context()) {}

Result<std::unique_ptr<Listener>> Listener::open(std::shared_ptr<Shared> shared,
                                                 std::vector<std::shared_ptr<IoThread>> threads) {
  // Resolving needs a context of its own: the threads' contexts refuse it (see kConcurrencyHint).
  asio::io_context resolving;
  Result<tcp::endpoint> endpoint = resolve(resolving, shared->options);
  if (!endpoint) return std::move(endpoint).error();
  const std::string name = address_name(shared->options);
  std::unique_ptr<Listener> listener(new Listener(std::move(shared), std::move(threads)));
  Result<void> bound = listener->bind(*endpoint, name);
  if (!bound) return std::move(bound).error();
  return listener;
}

Result<void> Listener::bind(const tcp::endpoint& endpoint, const std::string& name) {
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(Acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(SOMAXCONN, error);
  if (!error) acceptor_.native_non_blocking(true, error);
  if (error) return listen_error(name, error);
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

void Listener::start() {
  threads_.front()->post([this] { wait(); });
}

void Listener::close() {
  error_code ignored;  // closing twice is no error for us
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::wait() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_wait(Acceptor::wait_read, [this](const error_code& error) {
    if (!error) accept_waiting();
  });
}

void Listener::accept_waiting() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    Accepted accepted;
    auto size = static_cast<socklen_t>(accepted.peer.capacity());
    accepted.socket = Descriptor(::accept4(acceptor_.native_handle(), accepted.peer.data(), &size,
                                           SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted.socket.is_open()) {
      paused_before_ = false;
      deal(std::move(accepted));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    return pause(errno);
  }
  wait();
}

void Listener::deal(Accepted accepted) {
  const auto& thread = *std::min_element(
      threads_.begin(), threads_.end(),
      [](const auto& left, const auto& right) { return left->load() < right->load(); });
  if (shared_->open_connections.load() >= shared_->options.max_connections) {
    thread->turn_away(std::move(accepted));
    return;
  }
  shared_->open_connections.fetch_add(1);
  thread->adopt(std::move(accepted));
}

void Listener::pause(int error) {
  if (!std::exchange(paused_before_, true)) {
    log_event(LogLevel::warning, "cannot accept connections",
              {{"reason", std::generic_category().message(error)}});
  }
  pause_.expires_after(kPause);
  pause_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) wait();
  });
}

}  // namespace liquid::http
