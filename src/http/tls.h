#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "base/result.h"
#include "http/asio.h"
#include "http/server.h"

namespace liquid::http {

/// TLS 1.2 and newer with this certificate. Errors: invalid_argument; the message names the file
/// and what OpenSSL says about it.
Result<std::unique_ptr<asio::ssl::context>> make_tls_context(const TlsOptions& options);

/// A server session over `descriptor`, which it borrows. Unlike OpenSSL's own socket BIO it raises
/// no SIGPIPE when the peer has gone. Throws std::bad_alloc.
SSL* new_tls_session(asio::ssl::context& context, int descriptor);

}  // namespace liquid::http
