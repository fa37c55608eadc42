#pragma once

// For tests only: a server on its own thread, and a client that speaks bytes.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "http/server.h"

namespace liquid::http {

/// A layer made of one function.
class AnswerWith final : public Layer {
 public:
  explicit AnswerWith(std::function<Step(Exchange&)> answer) : answer_(std::move(answer)) {}
  Step enter(Exchange& exchange) override { return answer_(exchange); }

 private:
  std::function<Step(Exchange&)> answer_;
};

class RunningServer {
 public:
  RunningServer(ServerOptions options, std::vector<Layer*> layers) {
    options.port = 0;
    server_ = std::move(Server::open(std::move(options), std::move(layers)).value());
    thread_ = std::thread([this] { server_->run(); });
  }
  ~RunningServer() { stop(std::chrono::milliseconds(0)); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  Server& operator*() { return *server_; }
  Server* operator->() { return server_.get(); }

  /// Returns when `run` has returned.
  void stop(std::chrono::milliseconds grace) {
    if (!thread_.joinable()) return;
    server_->stop(grace);
    thread_.join();
  }
  void join() { thread_.join(); }
  void destroy() {
    stop(std::chrono::milliseconds(0));
    server_.reset();
  }

 private:
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

/// A blocking connection. Reads give up after ten seconds, so a server that hangs fails the test.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  int descriptor() const { return descriptor_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  /// One answer with its Content-Length, or what came before the connection ended.
  std::string read_answer() {
    std::size_t head_end = 0;
    while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::exchange(received_, {});
    }
    std::size_t size = head_end + 4;
    const std::size_t length = received_.substr(0, head_end).find("Content-Length: ");
    if (length != std::string::npos) size += std::stoul(received_.substr(length + 16));
    while (received_.size() < size) {
      if (!receive()) return std::exchange(received_, {});
    }
    std::string answer = received_.substr(0, size);
    received_.erase(0, size);
    return answer;
  }

  /// Everything until the server closes.
  std::string read_to_end() {
    while (receive()) continue;
    return std::exchange(received_, {});
  }

 private:
  bool receive() {
    char bytes[65536];
    const ssize_t count = ::recv(descriptor_, bytes, sizeof(bytes), 0);
    EXPECT_FALSE(count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "nothing for 10 s";
    if (count <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  int descriptor_;
  std::string received_;
};

inline int status_of(std::string_view answer) {
  if (answer.size() < 12 || answer.substr(0, 9) != "HTTP/1.1 ") return 0;
  return std::stoi(std::string(answer.substr(9, 3)));
}

inline std::string_view body_of(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view() : answer.substr(end + 4);
}

inline bool has_line(std::string_view answer, std::string_view line) {
  const std::string whole = "\r\n" + std::string(line) + "\r\n";
  return answer.substr(0, answer.find("\r\n\r\n") + 2).find(whole) != std::string_view::npos;
}

inline std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

inline std::string post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

/// Waits until `condition` holds; fails the test after ten seconds.
inline void wait_until(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= limit) {
      ADD_FAILURE() << "did not happen within 10 s";
      return;
    }
    std::this_thread::yield();
  }
}

}  // namespace liquid::http
