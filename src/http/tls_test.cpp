// The server under TLS, spoken to by OpenSSL's client with a certificate made on the spot.

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>

#include "http/certificate_fixture.h"
#include "http/server_fixture.h"

namespace liquid::http {
namespace {

template <typename Handle, void (*release)(Handle*)>
struct Release {
  void operator()(Handle* handle) const { release(handle); }
};
using Context = std::unique_ptr<SSL_CTX, Release<SSL_CTX, SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Release<SSL, SSL_free>>;

class TlsTest : public testing::Test {
 protected:
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  ServerOptions server_options() const {
    ServerOptions options;
    options.tls = options_;
    return options;
  }

  // The error of a server with these files.
  static Error open_error(TlsOptions tls) {
    ServerOptions options;
    options.port = 0;
    options.tls = std::move(tls);
    return Server::open(options, {}).error();
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("liquid_tls_" + std::to_string(::getpid()));
  const TestCertificate certificate_ = write_test_certificate(folder_);
  const TlsOptions options_{.certificate_chain = certificate_.chain,
                            .private_key = certificate_.private_key};
  AnswerWith layer_{[](Exchange& exchange) -> Step {
    if (exchange.request.path == "/large") {
      return text_response(200, "text/plain", std::string(3'000'000, 'x'));
    }
    return text_response(200, "text/plain", "body " + std::string(exchange.request.body));
  }};
};

// A TLS client over a Peer's socket.
class TlsPeer {
 public:
  explicit TlsPeer(std::uint16_t port, int newest_version = TLS1_3_VERSION)
      : peer_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), newest_version);
    SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0");
    static constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
    SSL_CTX_set_alpn_protos(context_.get(), kProtocols, sizeof(kProtocols) - 1);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), peer_.descriptor());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }

  bool connected() const { return connected_; }
  SSL* ssl() { return ssl_.get(); }

  void send(std::string_view bytes) {
    std::size_t written = 0;
    ASSERT_EQ(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written), 1);
    ASSERT_EQ(written, bytes.size());
  }

  // Until `size` bytes of body have come, or the connection ends.
  std::string read_answer(std::size_t size) {
    std::string answer;
    char bytes[16384];
    std::size_t count = 0;
    while (body_of(answer).size() < size &&
           SSL_read_ex(ssl_.get(), bytes, sizeof(bytes), &count) == 1) {
      answer.append(bytes, count);
    }
    return answer;
  }

 private:
  Peer peer_;
  Context context_;
  Tls ssl_;
  bool connected_ = false;
};

TEST_F(TlsTest, AnswersRequestsOneAfterTheOther) {
  RunningServer server(server_options(), {&layer_});
  TlsPeer peer(server->port());
  ASSERT_TRUE(peer.connected());
  EXPECT_STREQ(SSL_get_version(peer.ssl()), "TLSv1.3");
  for (int i = 0; i < 3; ++i) {
    peer.send(post("/", "x" + std::to_string(i)));
    EXPECT_EQ(body_of(peer.read_answer(7)), "body x" + std::to_string(i));
  }
}

TEST_F(TlsTest, ChoosesHttp11AmongTheProtocolsOffered) {
  RunningServer server(server_options(), {&layer_});
  TlsPeer peer(server->port());
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(peer.ssl(), &name, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(name), size), "http/1.1");
}

TEST_F(TlsTest, SendsAndReceivesMoreThanTheSocketHolds) {
  RunningServer server(server_options(), {&layer_});
  TlsPeer peer(server->port());
  peer.send(get("/large"));
  EXPECT_EQ(body_of(peer.read_answer(3'000'000)), std::string(3'000'000, 'x'));
  const std::string body(900'000, 'b');
  peer.send(post("/", body));
  EXPECT_EQ(body_of(peer.read_answer(5 + body.size())), "body " + body);
}

TEST_F(TlsTest, SpeaksTls12ButNothingOlder) {
  RunningServer server(server_options(), {&layer_});
  EXPECT_TRUE(TlsPeer(server->port(), TLS1_2_VERSION).connected());
  EXPECT_FALSE(TlsPeer(server->port(), TLS1_1_VERSION).connected());
}

TEST_F(TlsTest, ClosesPlainConnectionsAndLivesOn) {
  RunningServer server(server_options(), {&layer_});
  Peer plain(server->port());
  plain.send(get("/"));
  EXPECT_EQ(status_of(plain.read_to_end()), 0);
  EXPECT_TRUE(TlsPeer(server->port()).connected());
}

TEST_F(TlsTest, GivesUpOnAHandshakeThatDoesNotEnd) {
  ServerOptions options = server_options();
  options.head_timeout = std::chrono::milliseconds(30);
  RunningServer server(options, {&layer_});
  Peer silent(server->port());
  EXPECT_EQ(silent.read_to_end(), "");
}

TEST_F(TlsTest, NamesTheFileThatIsMissing) {
  TlsOptions missing = options_;
  missing.certificate_chain = folder_ / "nowhere.pem";
  EXPECT_EQ(open_error(missing).code, ErrorCode::invalid_argument);
  EXPECT_NE(open_error(missing).message.find("nowhere.pem"), std::string::npos);
  missing = options_;
  missing.private_key = folder_ / "no_key.pem";
  EXPECT_NE(open_error(missing).message.find("no_key.pem"), std::string::npos);
}

TEST_F(TlsTest, NamesAKeyThatDoesNotBelongToTheCertificate) {
  TlsOptions wrong = options_;
  wrong.private_key = folder_ / "other_key.pem";
  write_test_key(wrong.private_key);
  const Error error = open_error(wrong);
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_NE(error.message.find("other_key.pem"), std::string::npos);
}

}  // namespace
}  // namespace liquid::http
