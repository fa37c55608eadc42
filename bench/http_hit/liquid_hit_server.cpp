// The HTTP room alone: one layer that answers every request with one stored reply.
//   liquid_hit_server PORT

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "http/server.h"
#include "reply.h"

namespace {

using namespace liquid::http;

class StoredAnswer final : public Layer {
 public:
  StoredAnswer() {
    auto reply = std::make_shared<StoredReply>();
    reply->head.add("Content-Type", "application/json");
    reply->head.add("ETag", "\"0123456789abcdef\"");
    reply->body = bench_body();
    reply_ = std::move(reply);
  }

  Step enter(Exchange&) override {
    Response response;
    response.stored = reply_;
    return response;
  }

  void leave(Exchange&, Response& response) override { response.headers.add("X-Cache", "HIT"); }

 private:
  std::shared_ptr<const StoredReply> reply_;
};

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  StoredAnswer layer;
  ServerOptions options;
  options.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  auto server = Server::open(options, {&layer});
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message.c_str());
    return 1;
  }
  std::printf("%u\n", static_cast<unsigned>((*server)->port()));
  std::fflush(stdout);
  std::thread stopper([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    (*server)->stop(std::chrono::seconds(1));
  });
  (*server)->run();
  stopper.join();
  return 0;
}
