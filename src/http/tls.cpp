#include "http/tls.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>
#include <string>

namespace liquid::http {
namespace {

constexpr unsigned char kProtocols[] = "\x08http/1.1";  // as ALPN lists them

int bio_descriptor(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count =
      ::send(bio_descriptor(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

int bio_read(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::recv(bio_descriptor(bio), bytes, static_cast<std::size_t>(size), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* make_bio_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
  if (method == nullptr) throw std::bad_alloc();
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_ctrl(method, bio_control);
  return method;
}

// Only "http/1.1" is spoken; a client that offers nothing of the kind goes on without ALPN.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kProtocols, sizeof(kProtocols) - 1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Error tls_error(const std::string& what, const std::string& file, const std::string& reason) {
  return {ErrorCode::invalid_argument, "TLS " + what + " \"" + file + "\": " + reason};
}

}  // namespace

Result<std::unique_ptr<asio::ssl::context>> make_tls_context(const TlsOptions& options) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);

  const std::string chain = options.certificate_chain.string();
  const std::string key = options.private_key.string();
  error_code error;
  context->use_certificate_chain_file(chain, error);
  if (error) return tls_error("certificate", chain, error.message());
  context->use_private_key_file(key, asio::ssl::context::pem, error);
  if (error) return tls_error("private key", key, error.message());
  if (SSL_CTX_check_private_key(native) != 1) {
    ERR_clear_error();
    return tls_error("private key", key, "does not belong to the certificate \"" + chain + "\"");
  }
  return context;
}

SSL* new_tls_session(asio::ssl::context& context, int descriptor) {
  static BIO_METHOD* const method = make_bio_method();  // OpenSSL wants it to outlive every BIO
  SSL* ssl = SSL_new(context.native_handle());
  BIO* bio = ssl == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) {
    SSL_free(ssl);
    throw std::bad_alloc();
  }
  // A BIO has room for one pointer; the number needs no object of its own.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  return ssl;
}

}  // namespace liquid::http
