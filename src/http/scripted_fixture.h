#pragma once

// For tests only: a server that answers byte by byte as a test says, badly too.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace liquid::http {

/// A request as it came.
struct SeenRequest {
  std::string method;
  std::string target;
  std::string head;  ///< From the request line to before the empty line.
  std::string body;

  /// Value of a header, its name in any case; empty when absent.
  std::string header(std::string_view name) const {
    const std::string lowered = lower(head);
    const std::size_t at = lowered.find("\r\n" + lower(name) + ":");
    if (at == std::string::npos) return "";
    std::size_t begin = at + 2 + name.size() + 1;
    while (begin < head.size() && head[begin] == ' ') ++begin;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  static std::string lower(std::string_view text) {
    std::string lowered(text);
    std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return lowered;
  }
};

enum class After { keep, close };

/// What the server sends, and whether it closes then.
struct Reply {
  std::string bytes;
  After after = After::keep;
};

inline Reply reply(int status, std::string_view body, const std::vector<std::string>& lines = {}) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " Status\r\n";
  for (const std::string& line : lines) bytes += line + "\r\n";
  bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return {.bytes = bytes + std::string(body)};
}

/// An answer that promises `body` and breaks off after `sent` bytes of it.
inline Reply cut_reply(int status, std::string_view body, std::size_t sent,
                       const std::vector<std::string>& lines = {}) {
  Reply made = reply(status, body, lines);
  made.bytes.resize(made.bytes.size() - body.size() + sent);
  made.after = After::close;
  return made;
}

/// Hands every request of every connection to one function, one at a time.
class ScriptedServer {
 public:
  using Script = std::function<Reply(const SeenRequest&)>;

  explicit ScriptedServer(Script script)
      : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, generic, size), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    acceptor_ = std::thread([this] { accept(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int peer : peers_) ::shutdown(peer, SHUT_RDWR);
    }
    for (std::thread& connection : connections_) connection.join();
    for (const int peer : peers_) ::close(peer);
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  const std::string& url() const { return url_; }
  std::vector<SeenRequest> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void accept() {
    for (;;) {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      const std::lock_guard lock(mutex_);
      peers_.push_back(peer);
      connections_.emplace_back([this, peer] { serve(peer); });
    }
  }

  void serve(int peer) {
    std::string received;
    SeenRequest request;
    while (read_request(peer, received, request)) {
      const Reply answer = [&] {
        const std::lock_guard lock(mutex_);
        seen_.push_back(request);
        return script_(request);
      }();
      ::send(peer, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
      if (answer.after == After::close) break;
    }
    ::shutdown(peer, SHUT_RDWR);
  }

  static bool receive(int peer, std::string& received) {
    std::vector<char> bytes(65536);
    const ssize_t count = ::recv(peer, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    received.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }

  static bool read_request(int peer, std::string& received, SeenRequest& request) {
    std::size_t end = 0;
    while ((end = received.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(peer, received)) return false;
    }
    request.head = received.substr(0, end);
    const std::size_t blank = request.head.find(' ');
    request.method = request.head.substr(0, blank);
    request.target = request.head.substr(blank + 1, request.head.find(' ', blank + 1) - blank - 1);
    const std::string length = request.header("content-length");
    const std::size_t size = end + 4 + (length.empty() ? 0 : std::stoul(length));
    while (received.size() < size) {
      if (!receive(peer, received)) return false;
    }
    request.body = received.substr(end + 4, size - end - 4);
    received.erase(0, size);
    return true;
  }

  Script script_;
  int listener_;
  std::string url_;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;         // guarded by mutex_
  std::vector<int> peers_;                // guarded by mutex_
  std::vector<std::thread> connections_;  // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace liquid::http
