#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/layer.h"

namespace liquid::http {

struct TlsOptions {
  std::filesystem::path certificate_chain;  ///< PEM.
  std::filesystem::path private_key;        ///< PEM.
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;  ///< 0 = any free port, see `Server::port()`.
  unsigned io_threads = 1;
  std::size_t max_connections = 10'000;
  std::size_t max_head_bytes = std::size_t{16} * 1024;  ///< Request line and headers; beyond: 431.
  std::size_t max_body_bytes = std::size_t{1024} * 1024;  ///< Beyond: 413.
  /// Requests of more than 8 KiB, of all connections together; beyond: 503.
  std::size_t max_buffered_bytes = std::size_t{256} * 1024 * 1024;
  std::chrono::milliseconds head_timeout{10'000};  ///< First byte to end of head; beyond: 408.
  std::chrono::milliseconds body_timeout{30'000};  ///< End of head to end of body; beyond: 408.
  std::chrono::milliseconds idle_timeout{75'000};  ///< Between requests of one connection.
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds answer_timeout{120'000};  ///< For deferred answers; beyond: 504.
  std::optional<TlsOptions> tls = std::nullopt;
  /// Told the status of each request that the server itself refuses, before any layer sees it
  /// (malformed, too large, too slow, no room). Called on I/O threads: quick, and safe from
  /// several.
  std::function<void(int status)> on_refusal = nullptr;
};

/// An HTTP/1.1 server (keep-alive, pipelining, chunked request bodies, Expect: 100-continue, TLS)
/// that passes every request through `layers`, in order. The last layer must answer every request.
///
/// Threads: one io_context per I/O thread; a connection never changes thread. `stop` may be called
/// from any thread or a signal handler's helper.
class Server {
 public:
  /// Binds and listens. Errors: conflict (address in use; the message names host and port),
  /// invalid_argument (bad host, certificate), permission_denied.
  /// `layers` are borrowed: they belong to `main` and outlive the server.
  static Result<std::unique_ptr<Server>> open(ServerOptions options, std::vector<Layer*> layers);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;

  /// Serves until `stop`; the calling thread becomes one of the I/O threads.
  void run();

  /// Stops accepting, lets requests in flight finish for at most `grace`, then cuts. Does not wait.
  /// Called again, the new `grace` counts from then.
  void stop(std::chrono::milliseconds grace);

  std::size_t open_connections() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liquid::http
