// The client's TLS choices, and how a transfer is ended.

#include <openssl/ssl.h>

#include <filesystem>
#include <thread>

#include "http/certificate_fixture.h"
#include "http/client.h"
#include "http/server_fixture.h"

namespace liquid::http {
namespace {

class ClientTlsTest : public testing::Test {
 protected:
  ~ClientTlsTest() override { std::filesystem::remove_all(folder_); }

  static ServerOptions with(const TestCertificate& certificate) {
    ServerOptions options;
    options.tls =
        TlsOptions{.certificate_chain = certificate.chain, .private_key = certificate.private_key};
    return options;
  }
  ClientRequest request(TlsChoice tls, const std::string& host = "localhost") {
    ClientRequest made;
    made.url = "https://" + host + ":" + std::to_string(server_->port()) + "/";
    made.tls = std::move(tls);
    return made;
  }
  Error failure(TlsChoice tls, const std::string& host = "localhost") {
    return client_.send(request(std::move(tls), host)).error();
  }

  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) /
                                        ("liquid_client_tls_" + std::to_string(::getpid()));
  const TestCertificate certificate_ = write_test_certificate(folder_);
  AnswerWith layer_{[](Exchange&) -> Step { return text_response(200, "text/plain", "safe"); }};
  RunningServer server_{with(certificate_), {&layer_}};
  Client client_;
};

TEST_F(ClientTlsTest, RefusesCertificatesNobodyKnows) {
  const Error error = failure({});
  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_NE(error.message.find("certificate"), std::string::npos) << error.message;
}

TEST_F(ClientTlsTest, TrustsTheAuthorityItIsGiven) {
  EXPECT_EQ(client_.send(request({.ca_file = certificate_.chain})).value().body, "safe");
}

TEST_F(ClientTlsTest, RefusesTheCertificateOfAnotherHost) {
  EXPECT_EQ(failure({.ca_file = certificate_.chain}, "127.0.0.1").code, ErrorCode::unauthenticated);
}

TEST_F(ClientTlsTest, TakesAnyCertificateWhereNoneIsJudged) {
  EXPECT_EQ(client_.send(request({.verify_certificate = false}, "127.0.0.1")).value().body, "safe");
}

TEST_F(ClientTlsTest, JudgesAgainAfterARequestThatDidNot) {
  EXPECT_TRUE(client_.send(request({.verify_certificate = false})));
  EXPECT_EQ(failure({}).code, ErrorCode::unauthenticated);
}

TEST_F(ClientTlsTest, NamesFilesThatAreMissing) {
  EXPECT_EQ(failure({.ca_file = folder_ / "nowhere.pem"}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(
      failure({.verify_certificate = false, .client_certificate = folder_ / "nowhere.pem"}).code,
      ErrorCode::invalid_argument);
}

/// Wants a certificate of its client and answers one request with the name in it.
class AskingServer {
 public:
  explicit AskingServer(const TestCertificate& own) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    SSL_CTX_use_certificate_chain_file(context_, own.chain.c_str());
    SSL_CTX_use_PrivateKey_file(context_, own.private_key.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_load_verify_locations(context_, own.chain.c_str(), nullptr);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, generic, size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~AskingServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  AskingServer(const AskingServer&) = delete;
  AskingServer& operator=(const AskingServer&) = delete;

  std::string url() const { return "https://localhost:" + std::to_string(port_) + "/"; }

 private:
  void serve() {
    const int peer = ::accept(listener_, nullptr, nullptr);
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, peer);
    if (SSL_accept(ssl) == 1) {
      char request[4096];
      SSL_read(ssl, request, sizeof(request));
      constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nknown";
      SSL_write(ssl, kAnswer.data(), static_cast<int>(kAnswer.size()));
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    ::close(peer);
  }

  int listener_;
  std::uint16_t port_ = 0;
  SSL_CTX* context_ = SSL_CTX_new(TLS_server_method());
  std::thread thread_;
};

TEST_F(ClientTlsTest, ShowsItsCertificateToServersThatAsk) {
  ClientRequest sent;
  sent.tls = {.ca_file = certificate_.chain, .client_certificate = certificate_.both};
  const AskingServer server(certificate_);
  sent.url = server.url();
  EXPECT_EQ(client_.send(sent).value().body, "known");
}

TEST_F(ClientTlsTest, IsRefusedWithoutACertificateByServersThatAsk) {
  ClientRequest sent;
  sent.tls = {.ca_file = certificate_.chain};
  const AskingServer server(certificate_);
  sent.url = server.url();
  EXPECT_FALSE(client_.send(sent));
}

TEST(ClientStop, EndsATransferThatWaitsForItsAnswer) {
  Completion kept;  // and never called
  std::stop_source stop;
  AnswerWith silent([&](Exchange&) -> Step {
    return Deferred{[&](Completion completion) {
      kept = std::move(completion);
      stop.request_stop();
    }};
  });
  RunningServer server({}, {&silent});
  Client client;
  ClientRequest sent;
  sent.url = "http://127.0.0.1:" + std::to_string(server->port()) + "/";
  sent.stop = stop.get_token();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(client.send(sent).error().code, ErrorCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace liquid::http
