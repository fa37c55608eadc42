#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace liquid::http {

/// How an https server is judged and what is shown to it.
struct TlsChoice {
  bool verify_certificate = true;  ///< No: any certificate and any host name will do.
  std::string ca_file{};  ///< PEM file or folder of trusted authorities; empty: the system's.
  std::string client_certificate{};  ///< PEM file with our certificate and its key; empty: none.
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds total_timeout{60'000};
  std::size_t max_response_bytes = std::size_t{64} * 1024 * 1024;
  TlsChoice tls;
  std::stop_token stop;  ///< Once asked to stop, the transfer ends within a second: cancelled.
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  std::string body;

  std::string_view header(std::string_view lower_case_name) const;
};

/// A request body that is read while it is sent.
struct BodySource {
  std::uint64_t size = 0;
  /// Fills `space` with what stands at `offset` and says how much it was: one byte at least. Asked
  /// in order, and again from an earlier offset when a kept connection turns out to be dead. An
  /// error ends the transfer and becomes its error.
  std::function<Result<std::size_t>(std::uint64_t offset, std::span<char> space)> read_at;
};

/// Takes an answer's body piece by piece; `head` has its status and headers. An error ends the
/// transfer and becomes its error.
using BodySink = std::function<Result<void>(const ClientResponse& head, std::string_view bytes)>;

/// Who signs a request with AWS Signature Version 4. Its URL must be in canonical form (path
/// percent-encoded, query sorted); every header is signed.
struct AwsSignature {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< Empty: none.
  std::string region;
  std::string service;
};

/// What a request may have besides, so that its bodies need not fit into memory.
struct TransferOptions {
  BodySource source;  ///< Sent instead of the request's `body` when it has a `read_at`.
  BodySink sink;      ///< Gets bodies of 2xx answers; all others are kept in the response as usual.
  std::optional<AwsSignature> signature;
  /// Instead of the request's `total_timeout`: the longest time without a byte moving, in whole
  /// seconds.
  std::optional<std::chrono::milliseconds> stall_timeout;
};

/// A blocking HTTP client over libcurl; keeps connections alive between calls. Calls from several
/// threads are safe and run side by side, each on a connection of its own.
class Client {
 public:
  Client();
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any HTTP status is a success here. Errors: deadline_exceeded, unavailable (cannot connect, cut
  /// off), invalid_argument (URL, TLS files), unauthenticated (the server's certificate),
  /// resource_exhausted (response too large), cancelled. Messages name the URL without its user
  /// info.
  Result<ClientResponse> send(const ClientRequest& request);

  /// The same, with bodies that stream, a signature, or no limit but that bytes must move.
  Result<ClientResponse> transfer(const ClientRequest& request, const TransferOptions& options);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace liquid::http
