#include "http/curl_transfer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include "http/scan.h"

namespace liquid::http {
namespace {

// Four times curl's own: a quarter of the calls into read_at and sink.
constexpr long kTransferBufferBytes = 256L * 1024;

struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListFree>;

// What the callbacks of one transfer work on.
struct Transfer {
  Channel& channel;
  const ClientRequest& request;
  const TransferOptions& options;
  ClientResponse response;
  std::uint64_t sent = 0;        // how far the body source is read
  std::optional<Error> refused;  // why a callback ended the transfer
};

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lowered;
}

int on_open(void* user, curl_socket_t socket, curlsocktype) {
  static_cast<Channel*>(user)->socket = socket;
  return CURL_SOCKOPT_OK;
}

int on_close(void* user, curl_socket_t socket) {
  auto& channel = *static_cast<Channel*>(user);
  if (channel.socket == socket) channel.socket = CURL_SOCKET_BAD;
  return ::close(socket);
}

// A server that writes head and body separately under Nagle's algorithm holds the body back until
// the head is acknowledged, which the kernel delays by 40 ms. This acknowledges at once. (curl's
// own CURLINFO_ACTIVESOCKET knows no socket while a transfer runs.)
void acknowledge_now(const Channel& channel) {
  if (channel.socket == CURL_SOCKET_BAD) return;
  const int on = 1;
  ::setsockopt(channel.socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(bytes, size * count);
  if (line.substr(0, 5) == "HTTP/") {  // also after "100 Continue": only the last head counts
    transfer.response.headers.clear();
    acknowledge_now(transfer.channel);
    return line.size();
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.remove_suffix(1);
  transfer.response.headers.emplace_back(lower_case(line.substr(0, colon)),
                                         std::string(trim_blanks(value)));
  return line.size();
}

Result<void> take(Transfer& transfer, std::string_view bytes) {
  ClientResponse& response = transfer.response;
  if (transfer.options.sink && response.status / 100 == 2) {
    return transfer.options.sink(response, bytes);
  }
  if (bytes.size() > transfer.request.max_response_bytes - response.body.size()) {
    return Error{ErrorCode::resource_exhausted,
                 "the response is larger than " +
                     std::to_string(transfer.request.max_response_bytes) + " bytes"};
  }
  response.body.append(bytes);
  return {};
}

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view piece(bytes, size * count);
  long status = 0;
  curl_easy_getinfo(transfer.channel.handle.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  Result<void> taken = take(transfer, piece);
  if (taken) return piece.size();
  transfer.refused = std::move(taken).error();
  return 0;  // ends the transfer
}

std::size_t on_read(char* space, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const BodySource& source = transfer.options.source;
  const auto length = std::min<std::uint64_t>(size * count, source.size - transfer.sent);
  if (length == 0) return 0;
  Result<std::size_t> got =
      source.read_at(transfer.sent, {space, static_cast<std::size_t>(length)});
  if (got && *got > 0) {
    transfer.sent += *got;
    return *got;
  }
  transfer.refused = got ? Error{ErrorCode::conflict, "the body ended before its announced length"}
                         : std::move(got).error();
  return CURL_READFUNC_ABORT;
}

// curl sends a body again when the kept connection it began on turns out to be dead.
int on_seek(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(user)->sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

// A query that holds a signature lets everybody in who reads it.
std::string without_signature(std::string url) {
  const std::size_t query = url.find('?');
  if (query == std::string::npos) return url;
  const std::string lowered = lower_case(std::string_view(url).substr(query));
  if (lowered.find("signature=") == std::string::npos &&
      lowered.find("sig=") == std::string::npos) {
    return url;
  }
  url.resize(query);
  return url;
}

// The URL as it may be shown: user name, password and signatures are left out.
std::string shown_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return without_signature(url);
  const std::size_t authority = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", authority), url.size());
  const std::size_t at = url.rfind('@', end);
  if (at == std::string::npos || at < authority) return without_signature(url);
  return without_signature(url.substr(0, authority) + url.substr(at + 1));
}

// Called about once a second and when bytes move; anything but 0 ends the transfer.
int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(user)->stop_requested() ? 1 : 0;
}

ErrorCode code_of(CURLcode result) {
  switch (result) {
    case CURLE_OPERATION_TIMEDOUT: return ErrorCode::deadline_exceeded;
    case CURLE_ABORTED_BY_CALLBACK: return ErrorCode::cancelled;
    case CURLE_PEER_FAILED_VERIFICATION: return ErrorCode::unauthenticated;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return ErrorCode::invalid_argument;
    case CURLE_OUT_OF_MEMORY: return ErrorCode::resource_exhausted;
    default: return ErrorCode::unavailable;
  }
}

bool breaks_line(char c) { return c == '\r' || c == '\n' || c == '\0'; }

class HeaderLines {
 public:
  Result<void> append(const std::string& name, const std::string& value) {
    if (std::any_of(name.begin(), name.end(), breaks_line) ||
        std::any_of(value.begin(), value.end(), breaks_line)) {
      return Error{ErrorCode::invalid_argument, "header \"" + name + "\" holds a line break"};
    }
    // ';' is how curl sends an empty value
    append_line(value.empty() ? name + ";" : name + ": " + value);
    return {};
  }
  void append_line(const std::string& line) {
    curl_slist* longer = curl_slist_append(list_.get(), line.c_str());
    if (longer == nullptr) return;
    static_cast<void>(list_.release());
    list_.reset(longer);
  }
  curl_slist* get() const { return list_.get(); }

 private:
  HeaderList list_;
};

Result<HeaderLines> header_lines(const ClientRequest& request,
                                 const std::optional<AwsSignature>& signature) {
  HeaderLines lines;
  // Stops curl from waiting a second for "100 Continue" before larger bodies. curl (7.88) would
  // sign this header that it does not send, so signed requests have a short wait instead.
  if (!signature) lines.append_line("Expect:");
  for (const auto& [name, value] : request.headers) {
    Result<void> appended = lines.append(name, value);
    if (!appended) return std::move(appended).error();
  }
  if (signature && !signature->session_token.empty()) {
    Result<void> appended = lines.append("x-amz-security-token", signature->session_token);
    if (!appended) return std::move(appended).error();
  }
  return lines;
}

void set_method(CURL* handle, const ClientRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_source(CURL* handle, Transfer& transfer) {
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE,
                   static_cast<curl_off_t>(transfer.options.source.size));
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(handle, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, on_seek);
  curl_easy_setopt(handle, CURLOPT_SEEKDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, kTransferBufferBytes);
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, transfer.request.method.c_str());
}

// A transfer may take hours as long as bytes move.
void set_time_limits(CURL* handle, const Transfer& transfer) {
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(transfer.request.connect_timeout.count()));
  if (!transfer.options.stall_timeout) {
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(transfer.request.total_timeout.count()));
    return;
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*transfer.options.stall_timeout);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds.count()));
}

void set_signature(CURL* handle, const AwsSignature& signature) {
  const std::string scope = "aws:amz:" + signature.region + ":" + signature.service;
  curl_easy_setopt(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  curl_easy_setopt(handle, CURLOPT_AWS_SIGV4, scope.c_str());
  curl_easy_setopt(handle, CURLOPT_USERNAME, signature.access_key_id.c_str());
  curl_easy_setopt(handle, CURLOPT_PASSWORD, signature.secret_access_key.c_str());
}

void set_tls(CURL* handle, const TlsChoice& tls) {
  if (!tls.verify_certificate) {
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!tls.ca_file.empty()) {
    std::error_code ignored;  // curl says what is wrong with the path
    const bool folder = std::filesystem::is_directory(tls.ca_file, ignored);
    curl_easy_setopt(handle, folder ? CURLOPT_CAPATH : CURLOPT_CAINFO, tls.ca_file.c_str());
  }
  if (!tls.client_certificate.empty()) {  // curl takes the key from the same file
    curl_easy_setopt(handle, CURLOPT_SSLCERT, tls.client_certificate.c_str());
  }
}

void set_stop(CURL* handle, const std::stop_token& stop) {
  if (!stop.stop_possible()) return;
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &stop);
}

void set_options(CURL* handle, Transfer& transfer) {
  const ClientRequest& request = transfer.request;
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // time-outs without signals: threads
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  if (transfer.options.sink) curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kTransferBufferBytes);
  if (transfer.options.source.read_at) {
    set_source(handle, transfer);
  } else {
    set_method(handle, request);
  }
  set_time_limits(handle, transfer);
  set_tls(handle, request.tls);
  set_stop(handle, request.stop);
  if (transfer.options.signature) set_signature(handle, *transfer.options.signature);
}

// After each reset, with the same arguments: a connection that is kept keeps them.
void watch_socket(Channel& channel) {
  CURL* handle = channel.handle.get();
  curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, on_open);
  curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, &channel);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, &channel);
}

}  // namespace

void EasyClose::operator()(void* handle) const { curl_easy_cleanup(handle); }

Channel::Channel() : socket(CURL_SOCKET_BAD), handle(curl_easy_init()) {}

Result<ClientResponse> perform(Channel& channel, const ClientRequest& request,
                               const TransferOptions& options) {
  Result<HeaderLines> headers = header_lines(request, options.signature);
  if (!headers) return std::move(headers).error();
  Transfer transfer{
      .channel = channel, .request = request, .options = options, .response = {}, .refused = {}};
  std::array<char, CURL_ERROR_SIZE> reason{};
  CURL* handle = channel.handle.get();
  curl_easy_reset(handle);  // keeps connections
  watch_socket(channel);
  set_options(handle, transfer);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers->get());
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason.data());

  const CURLcode result = curl_easy_perform(handle);
  const std::string name = request.method + " " + shown_url(request.url);
  if (transfer.refused) return std::move(*transfer.refused).with_context(name);
  if (result != CURLE_OK) {
    const char* text = reason[0] != '\0' ? reason.data() : curl_easy_strerror(result);
    return Error{code_of(result), name + ": " + text};
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

}  // namespace liquid::http
