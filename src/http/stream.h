#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/asio.h"
#include "http/descriptor.h"

namespace liquid::http {

/// How a non-blocking step ended.
enum class IoStatus {
  done,
  wants_read,   ///< Call again when the socket is readable.
  wants_write,  ///< Call again when the socket is writable.
  closed,       ///< End of stream, reset, or a TLS failure: nothing more will come.
};

struct IoResult {
  IoStatus status = IoStatus::done;
  std::size_t count = 0;
};

/// Head and body of an answer; either may be empty.
using Outgoing = std::array<std::string_view, 2>;

/// A connected non-blocking socket, plain or under TLS. Calls go straight to the socket: the
/// reactor is asked only when a call would block.
class Stream {
 public:
  explicit Stream(Descriptor socket);
  Stream(Descriptor socket, asio::ssl::context& tls);

  bool is_tls() const { return ssl_ != nullptr; }
  /// Done at once without TLS.
  IoStatus handshake();
  IoResult read(std::span<char> into);
  /// Writes both parts in one system call where it can; `count` may be less than both.
  IoResult write(const Outgoing& parts);

  /// Tells the peer that nothing more will be sent.
  void shutdown_send();
  /// Reads and drops what the peer still sends.
  IoStatus drain();

  /// False when a read is known to find nothing.
  bool may_have_input() const { return readable_ || (ssl_ && SSL_has_pending(ssl_.get()) == 1); }
  /// There is input that the kernel will not report again.
  bool is_readable() const { return readable_; }
  /// The kernel said that there is something to read.
  void note_readable() { readable_ = true; }
  /// The kernel said that the peer has ended its side: reading goes on until that is seen.
  void note_hung_up() { readable_ = hung_up_ = true; }

 private:
  struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  IoResult read_plain(std::span<char> into);
  IoResult read_tls(std::span<char> into);
  IoResult write_plain(const Outgoing& parts);
  IoResult write_tls(const Outgoing& parts);
  IoStatus tls_status(int result);

  Descriptor socket_;
  // False only when the socket is known to be empty: saves a recv per request.
  bool readable_ = false;
  bool hung_up_ = false;
  std::unique_ptr<SSL, SslFree> ssl_;
  std::string record_;  // TLS only: both parts in one record
};

}  // namespace liquid::http
