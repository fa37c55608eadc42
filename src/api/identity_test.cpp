#include "api/identity.h"

#include <gtest/gtest.h>

#include "api/test_exchange.h"

namespace liquid::api {
namespace {

TenantKeys two_keys() { return {{sha256("acme-key-1"), "acme"}, {sha256("zenith-key"), "zenith"}}; }

struct Seen {
  int status = 0;
  std::string tenant;
  bool is_admin = false;
};

Seen seen(Identity& identity, TestExchange& exchange) {
  const int status = answer_of(identity.enter(*exchange)).status;
  return {status, exchange->tenant, exchange->is_admin};
}

Seen seen_with(Identity& identity, std::string_view name, std::string_view value) {
  TestExchange exchange("/ask");
  exchange.header(name, value);
  return seen(identity, exchange);
}

TEST(Identity, NobodyIsPublic) {
  Identity identity({});
  TestExchange exchange("/ask");
  EXPECT_EQ(seen(identity, exchange).tenant, "public");
}

TEST(Identity, WithoutKeysEveryCredentialIsATenantOfItsOwn) {
  Identity identity({});
  const std::string a = seen_with(identity, "Authorization", "Bearer A").tenant;
  EXPECT_EQ(a, seen_with(identity, "authorization", "Bearer A").tenant);
  EXPECT_NE(a, seen_with(identity, "Authorization", "Bearer B").tenant);
  EXPECT_NE(a, seen_with(identity, "X-API-Key", "Bearer A").tenant);
  EXPECT_NE(a, "public");
  EXPECT_EQ(a.find("Bearer"), std::string::npos);
  EXPECT_EQ(a.size(), 37u);
}

TEST(Identity, BothCredentialsTogetherAreAThirdTenant) {
  Identity identity({});
  TestExchange both("/ask");
  both.header("Authorization", "Bearer A").header("X-API-Key", "K");
  const std::string tenant = seen(identity, both).tenant;
  EXPECT_NE(tenant, seen_with(identity, "Authorization", "Bearer A").tenant);
  EXPECT_NE(tenant, seen_with(identity, "X-API-Key", "K").tenant);
}

TEST(Identity, CredentialsLargerThanTheMemoryWorkToo) {
  Identity identity({});
  const std::string large(4000, 'x');
  const std::string tenant = seen_with(identity, "Authorization", large).tenant;
  EXPECT_EQ(tenant, seen_with(identity, "Authorization", large).tenant);
  EXPECT_NE(tenant, seen_with(identity, "Authorization", large + "y").tenant);
}

TEST(Identity, KnowsConfiguredKeysAndRefusesOthers) {
  Identity identity({.keys = two_keys(), .admin_key = std::nullopt});
  EXPECT_EQ(seen_with(identity, "X-API-Key", "acme-key-1").tenant, "acme");
  EXPECT_EQ(seen_with(identity, "Authorization", "Bearer zenith-key").tenant, "zenith");
  EXPECT_EQ(seen_with(identity, "Authorization", "bearer  zenith-key").tenant, "zenith");
  EXPECT_EQ(seen_with(identity, "X-API-Key", "acme-key-2").status, 401);
  EXPECT_EQ(seen_with(identity, "Authorization", "Basic YTpi").status, 401);
  EXPECT_EQ(seen_with(identity, "Authorization", "Bearer ").status, 401);
  TestExchange nobody("/ask");
  EXPECT_EQ(seen(identity, nobody).tenant, "public");
}

TEST(Identity, ARequiredKeyIsRequiredWhereThereIsSomethingToProtect) {
  Identity identity({.keys = two_keys(),
                     .requirement = IdentityOptions::Requirement::required,
                     .admin_key = std::nullopt});
  for (const char* path : {"/ask", "/search", "/stats", "/cache/stats", "/nothing"}) {
    TestExchange exchange(path);
    EXPECT_EQ(seen(identity, exchange).status, 401) << path;
  }
  for (const char* path : {"/health", "/status", "/metrics", "/docs", "/openapi.json"}) {
    TestExchange exchange(path, http::Method::get);
    EXPECT_EQ(seen(identity, exchange).status, 0) << path;
  }
}

TEST(Identity, TheAdminKeyMakesAnAdministrator) {
  Identity identity({.keys = two_keys(), .admin_key = sha256("boss")});
  EXPECT_TRUE(seen_with(identity, "X-Admin-Key", "boss").is_admin);
  EXPECT_TRUE(seen_with(identity, "Authorization", "Bearer boss").is_admin);
  EXPECT_TRUE(seen_with(identity, "X-API-Key", "boss").is_admin);
  EXPECT_FALSE(seen_with(identity, "X-Admin-Key", "bos").is_admin);
  EXPECT_FALSE(seen_with(identity, "X-Admin-Key", "").is_admin);
  EXPECT_FALSE(seen_with(identity, "X-API-Key", "acme-key-1").is_admin);
}

TEST(Identity, WhatOneServerRemembersIsUnknownToTheNext) {
  Identity first({.keys = {{sha256("shared-key"), "one"}}, .admin_key = std::nullopt});
  EXPECT_EQ(seen_with(first, "X-API-Key", "shared-key").tenant, "one");
  Identity second({.keys = {{sha256("shared-key"), "two"}}, .admin_key = std::nullopt});
  EXPECT_EQ(seen_with(second, "X-API-Key", "shared-key").tenant, "two");
}

}  // namespace
}  // namespace liquid::api
