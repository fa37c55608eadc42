#include "base/digest.h"

#include <gtest/gtest.h>

namespace liquid {
namespace {

TEST(Digest, EqualsThePublishedVector) {
  // FIPS 180-4 example "abc".
  EXPECT_EQ(sha256("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, ReadsItsOwnHexAndRefusesOthers) {
  const Digest digest = sha256("x");
  EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
  EXPECT_FALSE(Digest::from_hex("12"));
  EXPECT_FALSE(Digest::from_hex(std::string(64, 'g')));
}

TEST(DigestBuilder, KeepsFieldBordersApart) {
  const Digest left = DigestBuilder().field("ab").field("c").finish();
  const Digest right = DigestBuilder().field("a").field("bc").finish();
  EXPECT_NE(left, right);
}

}  // namespace
}  // namespace liquid
