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

TEST(Sha256Builder, PiecesHashLikeTheWhole) {
  const std::string bytes(1000, 'x');
  Sha256Builder pieces;
  pieces.append({});
  pieces.append(std::string_view(bytes).substr(0, 7));
  pieces.append(std::string_view(bytes).substr(7));
  EXPECT_EQ(pieces.finish(), sha256(bytes));
  EXPECT_EQ(Sha256Builder().finish(), sha256(""));
}

TEST(DigestBuilder, KeepsFieldBordersApart) {
  const Digest left = DigestBuilder().field("ab").field("c").finish();
  const Digest right = DigestBuilder().field("a").field("bc").finish();
  EXPECT_NE(left, right);
}

TEST(Hash64Builder, PiecesHashLikeTheWhole) {
  const std::string bytes(1000, 'x');
  Hash64Builder pieces;
  pieces.append({});
  pieces.append(std::string_view(bytes).substr(0, 7));
  pieces.append(std::string_view(bytes).substr(7));
  EXPECT_EQ(pieces.finish(), hash64(bytes));
  EXPECT_EQ(Hash64Builder().finish(), hash64(""));
}

}  // namespace
}  // namespace liquid
