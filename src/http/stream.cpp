#include "http/stream.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "http/tls.h"

namespace liquid::http {
namespace {

constexpr std::size_t kMaxRecord = std::size_t{16} * 1024;  // TLS carries no more in one record

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// recv that goes on after a signal.
ssize_t receive(int descriptor, std::span<char> into) {
  for (;;) {
    const ssize_t count = ::recv(descriptor, into.data(), into.size(), 0);
    if (count >= 0 || errno != EINTR) return count;
  }
}

iovec as_iovec(std::string_view part) {
  return {.iov_base = const_cast<char*>(part.data()), .iov_len = part.size()};
}

ssize_t send_parts(int descriptor, const Outgoing& parts) {
  if (parts[1].empty()) {
    return ::send(descriptor, parts[0].data(), parts[0].size(), MSG_NOSIGNAL);
  }
  std::array<iovec, 2> vectors = {as_iovec(parts[0]), as_iovec(parts[1])};
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = vectors.size();
  return ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

}  // namespace

Stream::Stream(Descriptor socket) : socket_(std::move(socket)) {}

Stream::Stream(Descriptor socket, asio::ssl::context& tls) : Stream(std::move(socket)) {
  ssl_.reset(new_tls_session(tls, socket_.get()));
}

IoStatus Stream::handshake() {
  if (!ssl_) return IoStatus::done;
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  return result == 1 ? IoStatus::done : tls_status(result);
}

IoResult Stream::read(std::span<char> into) { return ssl_ ? read_tls(into) : read_plain(into); }

IoResult Stream::write(const Outgoing& parts) {
  return ssl_ ? write_tls(parts) : write_plain(parts);
}

IoResult Stream::read_plain(std::span<char> into) {
  if (!readable_) return {.status = IoStatus::wants_read};
  const ssize_t count = receive(socket_.get(), into);
  if (count > 0) {
    // A short read emptied the socket: what comes later makes the reactor report again.
    readable_ = hung_up_ || static_cast<std::size_t>(count) == into.size();
    return {.count = static_cast<std::size_t>(count)};
  }
  readable_ = false;
  if (count < 0 && would_block(errno)) return {.status = IoStatus::wants_read};
  return {.status = IoStatus::closed};
}

IoResult Stream::write_plain(const Outgoing& parts) {
  for (;;) {
    const ssize_t count = send_parts(socket_.get(), parts);
    if (count >= 0) return {.count = static_cast<std::size_t>(count)};
    if (errno == EINTR) continue;
    return {.status = would_block(errno) ? IoStatus::wants_write : IoStatus::closed};
  }
}

IoResult Stream::read_tls(std::span<char> into) {
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  if (result == 1) return {.count = count};
  return {.status = tls_status(result)};
}

IoResult Stream::write_tls(const Outgoing& parts) {
  record_.assign(parts[0]);
  if (record_.size() < kMaxRecord) record_.append(parts[1].substr(0, kMaxRecord - record_.size()));
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_write_ex(ssl_.get(), record_.data(), record_.size(), &count);
  if (result == 1) return {.count = count};
  return {.status = tls_status(result)};
}

IoStatus Stream::tls_status(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: readable_ = false; return IoStatus::wants_read;
    case SSL_ERROR_WANT_WRITE: return IoStatus::wants_write;
    default: return IoStatus::closed;
  }
}

void Stream::shutdown_send() {
  if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(socket_.get(), SHUT_WR);  // fails when the peer has gone, which is as good
}

IoStatus Stream::drain() {
  std::array<char, std::size_t{16} * 1024> dropped;
  // Bounded, so that one fast sender does not hold up the thread's other connections.
  for (int round = 0; round < 16; ++round) {
    const ssize_t count = receive(socket_.get(), dropped);
    if (count == 0 || (count < 0 && !would_block(errno))) return IoStatus::closed;
    if (count < 0) {
      readable_ = false;
      return IoStatus::wants_read;
    }
  }
  readable_ = true;
  return IoStatus::wants_read;
}

}  // namespace liquid::http
