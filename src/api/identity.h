#pragma once

#include <optional>

#include "api/tenant_keys.h"
#include "base/digest.h"
#include "http/layer.h"

namespace liquid::api {

/// Who asks. Credentials are `X-API-Key: <key>` or `Authorization: …`; the tenant they name keeps
/// answers of different callers apart in the cache.
///
/// | keys configured | request carries        | tenant |
/// |-----------------|------------------------|----------------------------------------------------|
/// | no              | nothing                | "public" | | no              | a credential |
/// "cred-" and 32 digits of the SHA-256 of it          | | yes             | nothing | "public", or
/// 401 when a key is required            | | yes             | a known key            | the key's
/// tenant                                   | | yes             | anything else          | 401 |
///
/// With configured keys `Authorization` must be `Bearer <key>`. The admin key, as `X-Admin-Key:
/// <key>` or in place of an API key, makes an exchange an administrator's.
struct IdentityOptions {
  TenantKeys keys;
  enum class Requirement { optional, required };
  Requirement requirement = Requirement::optional;
  std::optional<Digest> admin_key;  ///< SHA-256 of it.
};

/// Sets `Exchange::tenant` and `Exchange::is_admin`. What a credential stands for is remembered per
/// thread, so that a client which asks again costs a comparison instead of a SHA-256.
class Identity final : public http::Layer {
 public:
  explicit Identity(IdentityOptions options);

  http::Step enter(http::Exchange& exchange) override;

 private:
  struct Caller {
    std::string tenant;
    bool known = true;
    bool is_admin = false;
  };
  struct Credentials {
    std::string_view api_key;
    std::string_view authorization;
  };
  struct Remembered;

  const Caller& caller_of(const Credentials& credentials) const;
  Caller identify(const Credentials& credentials) const;
  bool is_admin_key(std::string_view key) const;

  const IdentityOptions options_;
  const std::uint64_t generation_;  ///< Tells this object's memory from an earlier one's.
};

}  // namespace liquid::api
