// The floor: one thread, level-triggered epoll, one recv and one send per request, just enough
// parsing to find where a request ends. Sends the same bytes as the other servers.
//   epoll_server PORT [FILE]      FILE: the reply's bytes, head and all; PORT 0 = any

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "reply.h"

namespace {

struct Peer {
  int descriptor = -1;
  std::size_t filled = 0;
  std::array<char, 16 * 1024> bytes;
};

std::string read_answer(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string make_answer() {
  const std::string body = bench_body();
  return "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 21:32:56 GMT\r\nContent-Length: " +
         std::to_string(body.size()) +
         "\r\nContent-Type: application/json\r\nETag: \"0123456789abcdef\"\r\nX-Cache: "
         "HIT\r\n\r\n" +
         body;
}

// Size of the request at the front, 0 when it is not complete.
std::size_t request_size(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  std::size_t body = 0;
  constexpr std::string_view kName = "\r\nContent-Length:";
  for (std::size_t at = 0; at + kName.size() <= end; ++at) {
    at = bytes.find("\r\nC", at);
    if (at >= end) break;
    if (strncasecmp(bytes.data() + at, kName.data(), kName.size()) == 0) {
      body = static_cast<std::size_t>(std::atol(bytes.data() + at + kName.size()));
    }
  }
  const std::size_t size = end + 4 + body;
  return size <= bytes.size() ? size : 0;
}

// False when the connection is over.
bool serve(Peer& peer, const std::string& answer) {
  const ssize_t count =
      ::recv(peer.descriptor, peer.bytes.data() + peer.filled, peer.bytes.size() - peer.filled, 0);
  if (count <= 0) return false;
  peer.filled += static_cast<std::size_t>(count);
  while (const std::size_t size = request_size({peer.bytes.data(), peer.filled})) {
    const auto sent = ::send(peer.descriptor, answer.data(), answer.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(answer.size())) return false;
    peer.filled -= size;
    if (peer.filled > 0) std::memmove(peer.bytes.data(), peer.bytes.data() + size, peer.filled);
  }
  return peer.filled < peer.bytes.size();
}

void add(int epoll, Peer* peer, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = peer;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int listen_on(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0) return -1;
  if (::listen(listener, SOMAXCONN) != 0) return -1;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
  std::fflush(stdout);
  return listener;
}

void accept_one(int epoll, int listener) {
  auto peer = std::make_unique<Peer>();
  peer->descriptor = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  if (peer->descriptor < 0) return;
  const int on = 1;
  ::setsockopt(peer->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const int descriptor = peer->descriptor;
  add(epoll, peer.release(), descriptor);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = listen_on(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  if (listener < 0) {
    std::perror("cannot listen");
    return 1;
  }
  const std::string answer = argc > 2 ? read_answer(argv[2]) : make_answer();
  const int epoll = ::epoll_create1(0);
  add(epoll, nullptr, listener);
  std::array<epoll_event, 128> events;
  for (;;) {
    const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      auto* peer = static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (peer == nullptr) {
        accept_one(epoll, listener);
      } else if (!serve(*peer, answer)) {
        ::close(peer->descriptor);
        delete peer;
      }
    }
  }
}
