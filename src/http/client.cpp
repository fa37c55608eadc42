#include "http/client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>

#include "base/guarded.h"
#include "http/message.h"
#include "http/scan.h"

namespace liquid::http {
namespace {

constexpr std::size_t kMaxIdleHandles = 8;

struct EasyClose {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

// A curl handle and the socket it opened last, which is the connection it uses again. Its address
// is known to curl, so it stays where it is.
struct Channel {
  curl_socket_t socket = CURL_SOCKET_BAD;  // before the handle, which uses it while it closes
  std::unique_ptr<CURL, EasyClose> handle{curl_easy_init()};
};

struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListFree>;

// What the callbacks of one transfer work on.
struct Transfer {
  const Channel& channel;
  ClientResponse response;
  std::size_t max_body_bytes = 0;
  bool too_large = false;
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

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  if (length > transfer.max_body_bytes - transfer.response.body.size()) {
    transfer.too_large = true;
    return 0;  // ends the transfer
  }
  transfer.response.body.append(bytes, length);
  return length;
}

// The URL as it may be shown: user name and password are left out.
std::string shown_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t authority = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", authority), url.size());
  const std::size_t at = url.rfind('@', end);
  if (at == std::string::npos || at < authority) return url;
  return url.substr(0, authority) + url.substr(at + 1);
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

Result<HeaderList> header_list(const ClientRequest& request) {
  HeaderList list;
  const auto append = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return;
    static_cast<void>(list.release());
    list.reset(longer);
  };
  append("Expect:");  // curl would wait a second for "100 Continue" before larger bodies
  for (const auto& [name, value] : request.headers) {
    if (std::any_of(name.begin(), name.end(), breaks_line) ||
        std::any_of(value.begin(), value.end(), breaks_line)) {
      return Error{ErrorCode::invalid_argument, "header \"" + name + "\" holds a line break"};
    }
    append(value.empty() ? name + ";"
                         : name + ": " + value);  // ';' is how curl sends an empty value
  }
  return list;
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

void set_options(CURL* handle, const ClientRequest& request, Transfer& transfer) {
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // time-outs without signals: threads
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  set_method(handle, request);
  set_tls(handle, request.tls);
  set_stop(handle, request.stop);
}

// After each reset, with the same arguments: a connection that is kept keeps them.
void watch_socket(Channel& channel) {
  CURL* handle = channel.handle.get();
  curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, on_open);
  curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, &channel);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, &channel);
}

Result<ClientResponse> perform(Channel& channel, const ClientRequest& request) {
  Result<HeaderList> headers = header_list(request);
  if (!headers) return std::move(headers).error();
  Transfer transfer{
      .channel = channel, .response = {}, .max_body_bytes = request.max_response_bytes};
  std::array<char, CURL_ERROR_SIZE> reason{};
  CURL* handle = channel.handle.get();
  curl_easy_reset(handle);  // keeps connections
  watch_socket(channel);
  set_options(handle, request, transfer);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers->get());
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason.data());

  const CURLcode result = curl_easy_perform(handle);
  const std::string name = request.method + " " + shown_url(request.url);
  if (transfer.too_large) {
    return Error{ErrorCode::resource_exhausted, name + ": the response is larger than " +
                                                    std::to_string(request.max_response_bytes) +
                                                    " bytes"};
  }
  if (result != CURLE_OK) {
    const char* text = reason[0] != '\0' ? reason.data() : curl_easy_strerror(result);
    return Error{code_of(result), name + ": " + text};
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

}  // namespace

std::string_view ClientResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

struct Client::State {
  using Channels = std::vector<std::unique_ptr<Channel>>;

  Guarded<Channels> idle;  // newest last: its connection is the likeliest to be alive

  std::unique_ptr<Channel> take() {
    auto channel = idle.with([](Channels& channels) {
      if (channels.empty()) return std::unique_ptr<Channel>();
      std::unique_ptr<Channel> newest = std::move(channels.back());
      channels.pop_back();
      return newest;
    });
    return channel ? std::move(channel) : std::make_unique<Channel>();
  }

  void give_back(std::unique_ptr<Channel> channel) {
    const auto surplus = idle.with([&channel](Channels& channels) {
      if (channels.size() >= kMaxIdleHandles) return std::move(channel);
      channels.push_back(std::move(channel));
      return std::unique_ptr<Channel>();
    });
  }
};

Client::Client() : state_(std::make_unique<State>()) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

Client::~Client() = default;

Result<ClientResponse> Client::send(const ClientRequest& request) {
  std::unique_ptr<Channel> channel = state_->take();
  if (!channel->handle) {
    return Error{ErrorCode::resource_exhausted, "out of memory for an HTTP request"};
  }
  Result<ClientResponse> response = perform(*channel, request);
  state_->give_back(std::move(channel));
  return response;
}

}  // namespace liquid::http
