#include "cache/entity_tag.h"

#include <gtest/gtest.h>

namespace liquid::cache {
namespace {

const EntityTag kTag = EntityTag::of("the body");

bool matches(std::string_view header) { return if_none_match(header, kTag, Wildcard::matches); }

TEST(EntityTag, IsAQuotedStringThatDependsOnTheBodyOnly) {
  // printf abc | openssl sha256 -binary | head -c 16 | base64
  EXPECT_EQ(EntityTag::of("abc").text(), "\"ungWv48Bz-pBQUDeXa4iIw\"");
  EXPECT_EQ(kTag.text().size(), EntityTag::kTextSize);
  EXPECT_EQ(kTag, EntityTag::of("the body"));
  EXPECT_FALSE(kTag == EntityTag::of("another body"));
}

TEST(IfNoneMatch, FindsTheTagAnywhereInTheList) {
  EXPECT_TRUE(matches(kTag.text()));
  EXPECT_TRUE(matches("\"x\", " + kTag.text()));
  EXPECT_TRUE(matches("  " + kTag.text() + " ,\"x\""));
  EXPECT_TRUE(matches(",, \"x\" ,," + kTag.text()));
  EXPECT_TRUE(matches("\"a,b\"," + kTag.text()));
}

TEST(IfNoneMatch, ComparesWeakly) {
  EXPECT_TRUE(matches("W/" + kTag.text()));
  EXPECT_TRUE(matches("W/\"x\", W/" + kTag.text()));
}

TEST(IfNoneMatch, DoesNotFindOtherTags) {
  EXPECT_FALSE(matches(""));
  EXPECT_FALSE(matches("\"x\""));
  EXPECT_FALSE(matches(kTag.text().substr(1, 22)));
  EXPECT_FALSE(matches(kTag.text().substr(0, 23)));
  EXPECT_FALSE(matches("w/" + kTag.text()));
  EXPECT_FALSE(matches("x " + kTag.text()));
}

TEST(IfNoneMatch, WildcardFitsOnlyWhatExisted) {
  EXPECT_TRUE(if_none_match(" * ", kTag, Wildcard::matches));
  EXPECT_FALSE(if_none_match("*", kTag, Wildcard::ignored));
}

}  // namespace
}  // namespace liquid::cache
