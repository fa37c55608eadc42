#include "http/server.h"

#include <thread>

#include "base/log.h"
#include "http/io_thread.h"
#include "http/listener.h"
#include "http/tls.h"

namespace liquid::http {

struct Server::State {
  std::shared_ptr<Shared> shared;
  std::vector<std::shared_ptr<IoThread>> threads;
  std::unique_ptr<Listener> listener;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(ServerOptions options, std::vector<Layer*> layers) {
  if (options.io_threads == 0) {
    return Error{ErrorCode::invalid_argument, "io_threads is 0; at least 1 is needed"};
  }
  auto state = std::make_unique<State>();
  state->shared = std::make_shared<Shared>(std::move(options), std::move(layers));
  const ServerOptions& kept = state->shared->options;
  if (kept.tls) {
    Result<std::unique_ptr<asio::ssl::context>> tls = make_tls_context(*kept.tls);
    if (!tls) return std::move(tls).error();
    state->shared->tls = std::move(*tls);
  }
  for (unsigned i = 0; i < kept.io_threads; ++i) {
    state->threads.push_back(std::make_shared<IoThread>(state->shared));
  }
  Result<std::unique_ptr<Listener>> listener = Listener::open(state->shared, state->threads);
  if (!listener) return std::move(listener).error();
  state->listener = std::move(*listener);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::uint16_t Server::port() const { return state_->listener->port(); }

std::size_t Server::open_connections() const { return state_->shared->open_connections.load(); }

void Server::run() {
  state_->listener->start();
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < state_->threads.size(); ++i) {
    others.emplace_back([thread = state_->threads[i]] { thread->run(); });
  }
  state_->threads.front()->run();
  for (std::thread& other : others) other.join();
}

void Server::stop(std::chrono::milliseconds grace) {
  // The listener goes first, on its own thread: what it dealt out before is known to its thread
  // then.
  state_->threads.front()->post([this, grace] {
    state_->listener->close();
    for (const auto& thread : state_->threads) thread->stop(grace);
  });
}

}  // namespace liquid::http
