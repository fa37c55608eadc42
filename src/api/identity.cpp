#include "api/identity.h"

#include <openssl/crypto.h>

#include <array>
#include <atomic>

#include "api/error_status.h"
#include "api/route_list.h"

namespace liquid::api {
namespace {

constexpr std::string_view kPublic = "public";
constexpr std::string_view kAdmin = "admin";
constexpr std::string_view kBearer = "Bearer ";
// Per thread: so many callers, with credentials up to this size, are remembered.
constexpr std::size_t kRemembered = 64;
constexpr std::size_t kMaxRememberedBytes = 512;

std::uint64_t next_generation() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

std::string_view bearer_token(std::string_view authorization) {
  if (!http::equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer)) return {};
  authorization.remove_prefix(kBearer.size());
  while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
  return authorization;
}

http::Response refusal(std::string_view text) {
  http::Response response = detail_response(401, text);
  response.headers.add("WWW-Authenticate", "Bearer");
  return response;
}

// Pages without anybody's data, and what monitoring polls.
bool is_open_to_all(std::string_view route) {
  return is_monitoring_route(route) || route == kDocs || route == kDocsStyle ||
         route == kDocsScript || route == kOpenApi || route == kRedoc || route == kRoot;
}

}  // namespace

struct Identity::Remembered {
  std::uint64_t generation = 0;
  std::string api_key;
  std::string authorization;
  Caller caller;
};

Identity::Identity(IdentityOptions options)
    : options_(std::move(options)), generation_(next_generation()) {}

bool Identity::is_admin_key(std::string_view key) const {
  if (!options_.admin_key || key.empty()) return false;
  const Digest digest = sha256(key);
  return CRYPTO_memcmp(digest.bytes.data(), options_.admin_key->bytes.data(),
                       digest.bytes.size()) == 0;
}

Identity::Caller Identity::identify(const Credentials& credentials) const {
  const std::string_view token = bearer_token(credentials.authorization);
  if (is_admin_key(token) || is_admin_key(credentials.api_key))
    return {std::string(kAdmin), true, true};
  if (options_.keys.empty()) {
    DigestBuilder builder;
    const Digest digest =
        builder.field(credentials.api_key).field(credentials.authorization).finish();
    return {"cred-" + digest.hex().substr(0, 32), true, false};
  }
  const std::string_view key = credentials.api_key.empty() ? token : credentials.api_key;
  const auto found = options_.keys.find(sha256(key));
  if (key.empty() || found == options_.keys.end()) return {"unknown", false, false};
  return {found->second, true, false};
}

const Identity::Caller& Identity::caller_of(const Credentials& credentials) const {
  thread_local std::array<Remembered, kRemembered> memory;
  thread_local Caller last;

  if (credentials.api_key.size() + credentials.authorization.size() > kMaxRememberedBytes) {
    last = identify(credentials);
    return last;
  }
  const std::uint64_t hash =
      hash64(credentials.authorization, hash64(credentials.api_key, process_seed()));
  Remembered& slot = memory[hash % kRemembered];
  if (slot.generation != generation_ || slot.authorization != credentials.authorization ||
      slot.api_key != credentials.api_key) {
    slot = {generation_, std::string(credentials.api_key), std::string(credentials.authorization),
            identify(credentials)};
  }
  return slot.caller;
}

http::Step Identity::enter(http::Exchange& exchange) {
  const http::Request& request = exchange.request;
  exchange.is_admin = is_admin_key(request.header("X-Admin-Key"));
  const Credentials credentials{request.header("X-API-Key"), request.header("Authorization")};
  if (credentials.api_key.empty() && credentials.authorization.empty()) {
    exchange.tenant = kPublic;
    const bool needed = options_.requirement == IdentityOptions::Requirement::required;
    if (needed && !exchange.is_admin && !is_open_to_all(exchange.route)) {
      return refusal("An API key is required: X-API-Key or Authorization: Bearer.");
    }
    return http::Continue{};
  }
  const Caller& caller = caller_of(credentials);
  exchange.tenant = caller.tenant;
  exchange.is_admin = exchange.is_admin || caller.is_admin;
  if (!caller.known && !is_open_to_all(exchange.route))
    return refusal("This API key is not known.");
  return http::Continue{};
}

}  // namespace liquid::api
