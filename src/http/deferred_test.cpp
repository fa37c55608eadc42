// Answers that come later, from other threads, and how a server stops with them under way.

#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "base/guarded.h"
#include "http/server_fixture.h"

namespace liquid::http {
namespace {

using std::chrono::milliseconds;

/// A layer whose answers the test gives, when it wants.
class Later final : public Layer {
 public:
  Step enter(Exchange& exchange) override {
    if (exchange.request.path == "/now") return text_response(200, "text/plain", "now");
    return Deferred{[this](Completion completion) {
      waiting_.with([&](auto& list) { list.push_back(std::move(completion)); });
    }};
  }
  void leave(Exchange& exchange, Response& response) override {
    left_.with([&](std::string& text) {
      text += std::string(exchange.request.path) + " " + std::to_string(response.status) +
              (exchange.cache_outcome == CacheOutcome::miss ? " miss;" : ";");
    });
  }

  /// Waits for the next deferred request.
  Completion next() {
    std::optional<Completion> taken;
    wait_until([&] {
      waiting_.with([&](auto& list) {
        if (list.empty()) return;
        taken = std::move(list.front());
        list.erase(list.begin());
      });
      return taken.has_value();
    });
    return std::move(taken).value();
  }
  std::string left() const {
    return left_.with([](const std::string& text) { return text; });
  }

 private:
  Guarded<std::vector<Completion>> waiting_;
  Guarded<std::string> left_;
};

class DeferredTest : public testing::Test {
 protected:
  static Response text(std::string body) {
    return text_response(200, "text/plain", std::move(body));
  }

  Later later_;
};

TEST_F(DeferredTest, AnAnswerFromAnotherThreadPassesTheLayersOnItsWayOut) {
  RunningServer server({}, {&later_});
  Peer peer(server->port());
  peer.send(get("/slow") + get("/now"));
  later_.next()(text("done"), CacheOutcome::miss);
  EXPECT_EQ(body_of(peer.read_answer()), "done");
  EXPECT_EQ(body_of(peer.read_answer()), "now");
  EXPECT_EQ(later_.left(), "/slow 200 miss;/now 200;");
}

TEST_F(DeferredTest, OtherConnectionsAreAnsweredMeanwhile) {
  RunningServer server({}, {&later_});
  Peer slow(server->port());
  slow.send(get("/slow"));
  Completion completion = later_.next();
  Peer quick(server->port());
  quick.send(get("/now"));
  EXPECT_EQ(body_of(quick.read_answer()), "now");
  completion(text("done"), CacheOutcome::miss);
  EXPECT_EQ(body_of(slow.read_answer()), "done");
}

TEST_F(DeferredTest, TheFirstOfSeveralAnswersCounts) {
  RunningServer server({}, {&later_});
  Peer peer(server->port());
  peer.send(get("/slow"));
  Completion completion = later_.next();
  completion(text("first"), CacheOutcome::none);
  completion(text("second"), CacheOutcome::none);
  EXPECT_EQ(body_of(peer.read_answer()), "first");
  peer.send(get("/now"));
  EXPECT_EQ(body_of(peer.read_answer()), "now");
}

TEST_F(DeferredTest, AnAnswerForAClientThatHasLeftIsDropped) {
  RunningServer server({}, {&later_});
  auto peer = std::make_unique<Peer>(server->port());
  peer->send(get("/slow"));
  Completion completion = later_.next();
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(peer->descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  peer.reset();
  completion(text("nobody reads this"), CacheOutcome::none);
  wait_until([&] { return server->open_connections() == 0; });
  Peer next(server->port());
  next.send(get("/now"));
  EXPECT_EQ(body_of(next.read_answer()), "now");
}

TEST_F(DeferredTest, AnAnswerThatNobodyGivesBecomesFiveHundredAtOnce) {
  RunningServer server({}, {&later_});
  Peer peer(server->port());
  peer.send(get("/slow"));
  { const Completion dropped = later_.next(); }
  EXPECT_EQ(status_of(peer.read_answer()), 500);
}

TEST_F(DeferredTest, AnAnswerThatTakesTooLongBecomesFiveHundredAndFour) {
  RunningServer server({.answer_timeout = milliseconds(30)}, {&later_});
  Peer peer(server->port());
  peer.send(get("/slow"));
  Completion completion = later_.next();
  const std::string answer = peer.read_answer();
  EXPECT_EQ(status_of(answer), 504);
  EXPECT_NE(body_of(answer).find("answer_timeout"), std::string::npos);
  completion(text("too late"), CacheOutcome::miss);
  peer.send(get("/now"));
  EXPECT_EQ(body_of(peer.read_answer()), "now");
}

TEST_F(DeferredTest, AnAnswerAfterTheServerHasGoneIsDropped) {
  std::optional<Completion> completion;
  {
    RunningServer server({}, {&later_});
    Peer peer(server->port());
    peer.send(get("/slow"));
    completion = later_.next();
    server.destroy();
  }
  (*completion)(text("nobody is there"), CacheOutcome::none);
}

TEST_F(DeferredTest, StoppingClosesIdleConnectionsAndFinishesWhatIsUnderWay) {
  RunningServer server({}, {&later_});
  Peer idle(server->port());
  idle.send(get("/now"));
  idle.read_answer();
  Peer busy(server->port());
  busy.send(get("/slow"));
  Completion completion = later_.next();
  server->stop(std::chrono::seconds(60));
  EXPECT_EQ(idle.read_to_end(), "");
  completion(text("finished"), CacheOutcome::none);
  const std::string answer = busy.read_to_end();
  EXPECT_EQ(body_of(answer), "finished");
  EXPECT_TRUE(has_line(answer, "Connection: close"));
  server.join();
  EXPECT_EQ(server->open_connections(), 0U);
}

TEST_F(DeferredTest, StoppingTakesNoNewConnections) {
  RunningServer server({}, {&later_});
  const std::uint16_t port = server->port();
  server.stop(milliseconds(0));
  EXPECT_TRUE(Server::open({.port = port}, {&later_}).has_value());
}

TEST_F(DeferredTest, StoppingCutsWhatIsNotDoneWithinTheGrace) {
  RunningServer server({}, {&later_});
  Peer busy(server->port());
  busy.send(get("/slow"));
  Completion completion = later_.next();
  server.stop(milliseconds(1));
  EXPECT_EQ(busy.read_to_end(), "");
  EXPECT_EQ(later_.left(), "/slow 503;");
  completion(text("too late"), CacheOutcome::none);
}

TEST_F(DeferredTest, StoppingAgainCanShortenTheGrace) {
  RunningServer server({}, {&later_});
  Peer busy(server->port());
  busy.send(get("/slow"));
  Completion completion = later_.next();
  server->stop(std::chrono::hours(1));
  server.stop(milliseconds(0));
  EXPECT_EQ(busy.read_to_end(), "");
}

TEST_F(DeferredTest, AClientThatHasFinishedSendingStillGetsItsAnswer) {
  RunningServer server({}, {&later_});
  Peer peer(server->port());
  peer.send(get("/slow"));
  ::shutdown(peer.descriptor(), SHUT_WR);
  later_.next()(text("done"), CacheOutcome::none);
  EXPECT_EQ(body_of(peer.read_to_end()), "done");
}

TEST_F(DeferredTest, ManyThreadsAnswerManyConnections) {
  RunningServer server({.io_threads = 2}, {&later_});
  constexpr int kClients = 20;
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < kClients; ++i) {
    peers.push_back(std::make_unique<Peer>(server->port()));
    peers.back()->send(get("/slow") + get("/slow"));
  }
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      for (int n = 0; n < kClients * 2 / 4; ++n) later_.next()(text("done"), CacheOutcome::miss);
    });
  }
  for (const auto& peer : peers) {
    EXPECT_EQ(body_of(peer->read_answer()), "done");
    EXPECT_EQ(body_of(peer->read_answer()), "done");
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace
}  // namespace liquid::http
