#include "api/tenant_keys.h"

#include <gtest/gtest.h>

namespace liquid::api {
namespace {

TEST(TenantKeys, ReadsPlainAndHashedKeys) {
  const auto keys = parse_tenant_keys("# ours\n\nacme  acme-key-1 \r\nzenith sha256:" +
                                      sha256("zenith-key").hex());
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->size(), 2u);
  EXPECT_EQ(keys->at(sha256("acme-key-1")), "acme");
  EXPECT_EQ(keys->at(sha256("zenith-key")), "zenith");
}

TEST(TenantKeys, ATenantMayHaveSeveralKeys) {
  const auto keys = parse_tenant_keys("acme old-key-1\nacme new-key-2\n");
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->at(sha256("new-key-2")), "acme");
}

TEST(TenantKeys, NamesTheLineAndNeverTheKey) {
  for (const char* line : {"only-a-tenant", "acme short", "ac/me long-enough-key",
                           "public some-key-99", "acme two keys-here", "acme sha256:1234"}) {
    const auto keys = parse_tenant_keys("# comment\n" + std::string(line) + "\n");
    ASSERT_FALSE(keys) << line;
    EXPECT_EQ(keys.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(keys.error().message.find("line 2: "), 0u) << keys.error().message;
    EXPECT_EQ(keys.error().message.find("key-99"), std::string::npos);
  }
  EXPECT_FALSE(parse_tenant_keys("a same-key-1\nb same-key-1\n"));
}

}  // namespace
}  // namespace liquid::api
