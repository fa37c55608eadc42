#include "http/server.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <future>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>

#include "base/guarded.h"
#include "http/server_fixture.h"

namespace liquid::http {
namespace {

using std::chrono::milliseconds;

// "METHOD path [body]" of what arrived.
Step echo(Exchange& exchange) {
  const Request& request = exchange.request;
  return text_response(200, "text/plain",
                       std::string(request.method_text) + " " + std::string(request.target) + " [" +
                           std::string(request.body) + "]");
}

class ServerTest : public testing::Test {
 protected:
  AnswerWith echo_layer_{echo};
};

TEST_F(ServerTest, AnswersOneRequestAfterTheOtherOnOneConnection) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  for (int i = 0; i < 3; ++i) {
    peer.send(post("/ask", "question " + std::to_string(i)));
    const std::string answer = peer.read_answer();
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(body_of(answer), "POST /ask [question " + std::to_string(i) + "]");
    EXPECT_EQ(answer.find("Connection:"), std::string::npos);
    EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
  }
  EXPECT_EQ(server->open_connections(), 1U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  constexpr int kRequests = 200;
  std::string all;
  for (int i = 0; i < kRequests; ++i) all += post("/" + std::to_string(i), std::string(100, 'b'));
  peer.send(all);
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_EQ(body_of(peer.read_answer()),
              "POST /" + std::to_string(i) + " [" + std::string(100, 'b') + "]");
  }
}

TEST_F(ServerTest, ReadsARequestThatComesByteByByte) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  for (const char c : post("/ask", "slow")) peer.send({&c, 1});
  EXPECT_EQ(body_of(peer.read_answer()), "POST /ask [slow]");
}

TEST_F(ServerTest, PutsChunkedBodiesTogether) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  peer.send("POST /ask HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  peer.send("2\r\nde\r\n0\r\n\r\n" + get("/next"));
  EXPECT_EQ(body_of(peer.read_answer()), "POST /ask [abcde]");
  EXPECT_EQ(body_of(peer.read_answer()), "GET /next []");
}

TEST_F(ServerTest, TellsTheClientToGoOnWhenItAsks) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  peer.send("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("hi");
  EXPECT_EQ(body_of(peer.read_answer()), "POST / [hi]");
}

TEST_F(ServerTest, RefusesALargeBodyBeforeItIsSent) {
  RunningServer server({.max_body_bytes = 10}, {&echo_layer_});
  Peer peer(server->port());
  peer.send("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  const std::string answer = peer.read_answer();
  EXPECT_EQ(status_of(answer), 413);
  EXPECT_TRUE(has_line(answer, "Connection: close"));
  EXPECT_NE(body_of(answer).find("\"code\":\"body_too_large\""), std::string::npos);
  EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(ServerTest, BoundsTheInputOfAllConnectionsTogether) {
  RunningServer server({.max_buffered_bytes = 100'000}, {&echo_layer_});
  const std::string large = post("/", std::string(60'000, 'b'));
  const std::string_view all_but_one = std::string_view(large).substr(0, large.size() - 1);
  Peer first(server->port());
  Peer second(server->port());
  first.send(all_but_one);
  second.send(all_but_one);
  // Both together are too many: whichever is read last is refused, the other one goes on.
  std::array<pollfd, 2> news = {pollfd{.fd = first.descriptor(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = second.descriptor(), .events = POLLIN, .revents = 0}};
  ASSERT_EQ(::poll(news.data(), news.size(), 10'000), 1);
  Peer& refused = news[0].revents != 0 ? first : second;
  Peer& served = news[0].revents != 0 ? second : first;
  const std::string answer = refused.read_answer();
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_NE(body_of(answer).find("too_much_input"), std::string::npos);
  for (int i = 0; i < 3; ++i) {  // and what is answered counts no longer
    served.send(i == 0 ? "b" : large);
    EXPECT_EQ(status_of(served.read_answer()), 200);
  }
}

TEST_F(ServerTest, LetsTheClientReadTheRefusalOfABodyThatIsOnItsWay) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  peer.send(post("/", std::string(8'000'000, 'b')));
  EXPECT_EQ(status_of(peer.read_answer()), 413);
}

TEST_F(ServerTest, RefusesMalformedRequestsAsJsonAndCloses) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  peer.send("GET / HTTP/1.1\r\nHost : test\r\n\r\n" + get("/smuggled"));
  const std::string answer = peer.read_to_end();
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_TRUE(has_line(answer, "Content-Type: application/json"));
  EXPECT_EQ(body_of(answer),
            "{\"detail\":\"A header line is not 'name: value'.\",\"code\":\"bad_header\"}");
}

TEST_F(ServerTest, GivesUpOnAHeadThatDoesNotEnd) {
  RunningServer server({.head_timeout = milliseconds(30)}, {&echo_layer_});
  Peer peer(server->port());
  peer.send("GET / HTTP/1.1\r\n");
  const std::string answer = peer.read_to_end();
  EXPECT_EQ(status_of(answer), 408);
  EXPECT_NE(body_of(answer).find("request_timeout"), std::string::npos);
}

TEST_F(ServerTest, GivesUpOnABodyThatDoesNotEnd) {
  RunningServer server({.body_timeout = milliseconds(30)}, {&echo_layer_});
  Peer peer(server->port());
  peer.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nh");
  EXPECT_EQ(status_of(peer.read_to_end()), 408);
}

TEST_F(ServerTest, ClosesConnectionsThatNeverSayAnythingWithoutAWord) {
  RunningServer server({.head_timeout = milliseconds(30)}, {&echo_layer_});
  Peer peer(server->port());
  EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(ServerTest, ClosesIdleConnectionsWithoutAWord) {
  RunningServer server({.idle_timeout = milliseconds(30)}, {&echo_layer_});
  Peer peer(server->port());
  peer.send(get("/"));
  EXPECT_EQ(status_of(peer.read_answer()), 200);
  EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(ServerTest, SendsNoBodyToHead) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  peer.send("HEAD / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  const std::string answer = peer.read_to_end();
  EXPECT_TRUE(has_line(answer, "Content-Length: 9"));  // of "HEAD / []"
  EXPECT_TRUE(has_line(answer, "Connection: close"));
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(ServerTest, ClosesAfterAnHttp10RequestUnlessAskedToStay) {
  RunningServer server({}, {&echo_layer_});
  Peer closing(server->port());
  closing.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(has_line(closing.read_to_end(), "Connection: close"));
  Peer staying(server->port());
  staying.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(has_line(staying.read_answer(), "Connection: keep-alive"));
  staying.send("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body_of(staying.read_to_end()), "GET /2 []");
}

TEST_F(ServerTest, AnswersAClientThatHasFinishedSending) {
  RunningServer server({}, {&echo_layer_});
  Peer peer(server->port());
  peer.send(get("/"));
  ::shutdown(peer.descriptor(), SHUT_WR);
  EXPECT_EQ(body_of(peer.read_to_end()), "GET / []");
}

TEST_F(ServerTest, TellsTheLayersWhoIsAsking) {
  Guarded<std::string> seen;
  AnswerWith layer([&](Exchange& exchange) -> Step {
    seen.with([&](std::string& text) {
      text = std::string(exchange.remote_address) +
             (exchange.remote_is_loopback ? " loopback " : " ") + exchange.request_id;
    });
    EXPECT_TRUE(exchange.tenant.empty());
    exchange.tenant = "somebody";  // must be gone at the next request
    return text_response(200, "text/plain", "");
  });
  RunningServer server({}, {&layer});
  Peer peer(server->port());
  for (int i = 0; i < 2; ++i) {
    peer.send("GET / HTTP/1.1\r\nHost: test\r\nX-Request-Id: abc-1\r\n\r\n");
    peer.read_answer();
  }
  EXPECT_EQ(seen.with([](const std::string& text) { return text; }), "127.0.0.1 loopback abc-1");
}

// Writes its name on the way in and out; stops the way in at one path.
class Recorder final : public Layer {
 public:
  Recorder(std::string name, std::string stop_at, std::string& trace)
      : name_(std::move(name)), stop_at_(std::move(stop_at)), trace_(trace) {}
  Step enter(Exchange& exchange) override {
    trace_ += "+" + name_;
    if (exchange.request.path == stop_at_) return text_response(200, "text/plain", name_);
    return Continue();
  }
  void leave(Exchange&, Response& response) override {
    trace_ += "-" + name_;
    response.headers.add("X-Left", name_);
  }

 private:
  std::string name_;
  std::string stop_at_;
  std::string& trace_;
};

TEST_F(ServerTest, PassesTheLayersInOrderAndBack) {
  std::string trace;
  Recorder first("a", "/a", trace);
  Recorder second("b", "/b", trace);
  Recorder third("c", "/c", trace);
  RunningServer server({}, {&first, &second, &third});
  Peer peer(server->port());
  peer.send(get("/b"));
  const std::string answer = peer.read_answer();
  EXPECT_EQ(body_of(answer), "b");
  EXPECT_NE(answer.find("X-Left: b\r\nX-Left: a\r\n"), std::string::npos);
  EXPECT_EQ(trace, "+a+b-b-a");
  trace.clear();
  peer.send(get("/nobody"));
  EXPECT_EQ(status_of(peer.read_answer()), 500);
  EXPECT_EQ(trace, "+a+b+c-c-b-a");
}

TEST_F(ServerTest, AnswersFiveHundredWhenALayerThrows) {
  AnswerWith layer([](Exchange&) -> Step { throw std::runtime_error("secret reason"); });
  RunningServer server({}, {&layer});
  Peer peer(server->port());
  peer.send(get("/"));
  const std::string answer = peer.read_to_end();
  EXPECT_EQ(status_of(answer), 500);
  EXPECT_EQ(answer.find("secret"), std::string::npos);
  wait_until([&] { return server->open_connections() == 0; });
}

TEST_F(ServerTest, SendsAnswersThatDoNotFitIntoTheSocketAtOnce) {
  const std::string large(8'000'000, 'x');
  AnswerWith layer([&](Exchange&) -> Step { return text_response(200, "text/plain", large); });
  RunningServer server({}, {&layer});
  Peer peer(server->port());
  peer.send(get("/1") + get("/2"));
  EXPECT_EQ(body_of(peer.read_answer()), large);
  EXPECT_EQ(body_of(peer.read_answer()), large);
}

TEST_F(ServerTest, GivesUpOnAClientThatDoesNotRead) {
  std::string large;
  large.resize(50'000'000, 'x');  // more than any socket buffer
  AnswerWith layer([&](Exchange&) -> Step { return text_response(200, "text/plain", large); });
  RunningServer server({.write_timeout = milliseconds(30)}, {&layer});
  Peer peer(server->port());
  peer.send(get("/"));
  wait_until([&] { return server->open_connections() == 1; });
  wait_until([&] { return server->open_connections() == 0; });
}

TEST_F(ServerTest, TurnsConnectionsAwayWhenThereAreTooMany) {
  RunningServer server({.max_connections = 2}, {&echo_layer_});
  Peer first(server->port());
  Peer second(server->port());
  first.send(get("/"));
  second.send(get("/"));
  first.read_answer();
  second.read_answer();
  Peer third(server->port());
  third.send(get("/"));
  const std::string answer = third.read_to_end();
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_TRUE(has_line(answer, "Retry-After: 1"));
  EXPECT_NE(body_of(answer).find("too_many_connections"), std::string::npos);
  EXPECT_EQ(server->open_connections(), 2U);
  first.close();
  wait_until([&] { return server->open_connections() == 1; });
  Peer fourth(server->port());
  fourth.send(get("/"));
  EXPECT_EQ(status_of(fourth.read_answer()), 200);
}

TEST_F(ServerTest, KeepsAConnectionOnOneThread) {
  Guarded<std::set<std::thread::id>> all;
  AnswerWith layer([&](Exchange& exchange) -> Step {
    all.with([](auto& ids) { ids.insert(std::this_thread::get_id()); });
    std::ostringstream id;
    id << std::this_thread::get_id();
    static_cast<void>(exchange);
    return text_response(200, "text/plain", id.str());
  });
  RunningServer server({.io_threads = 3}, {&layer});
  std::vector<std::unique_ptr<Peer>> peers;
  peers.reserve(9);
  for (int i = 0; i < 9; ++i) peers.push_back(std::make_unique<Peer>(server->port()));
  for (const auto& peer : peers) {
    peer->send(get("/") + get("/") + get("/"));
    const std::string thread(body_of(peer->read_answer()));
    EXPECT_EQ(body_of(peer->read_answer()), thread);
    EXPECT_EQ(body_of(peer->read_answer()), thread);
  }
  EXPECT_EQ(all.with([](const auto& ids) { return ids.size(); }), 3U);
}

TEST_F(ServerTest, NamesTheAddressThatIsTaken) {
  RunningServer server({}, {&echo_layer_});
  const auto second = Server::open({.port = server->port()}, {&echo_layer_});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(second.error().message.find("127.0.0.1:" + std::to_string(server->port())),
            std::string::npos);
}

TEST_F(ServerTest, RefusesAHostThatIsNoneOfItsOwn) {
  EXPECT_EQ(Server::open({.host = "192.0.2.1", .port = 0}, {}).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(Server::open({.host = "no host at all", .port = 0}, {}).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(Server::open({.io_threads = 0}, {}).error().code, ErrorCode::invalid_argument);
}

TEST_F(ServerTest, StopsBeforeItRuns) {
  auto server = std::move(Server::open({.port = 0}, {&echo_layer_}).value());
  server->stop(milliseconds(0));
  server->run();
  EXPECT_EQ(server->open_connections(), 0U);
}

}  // namespace
}  // namespace liquid::http
