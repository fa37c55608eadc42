#include "base/unicode.h"

#include <gtest/gtest.h>

namespace liquid {
namespace {

TEST(Unicode, TellsValidUtf8FromOverlongSurrogateAndCutOffForms) {
  EXPECT_TRUE(is_valid_utf8("a\u00e9\u4e2d\U0001F600"));
  EXPECT_FALSE(is_valid_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_valid_utf8("abc\xE2\x82"));
  EXPECT_FALSE(is_valid_utf8("\xFF"));
}

TEST(Unicode, ComposesToNfc) {
  EXPECT_EQ(to_nfc("e\u0301"), "\u00e9");
  EXPECT_FALSE(to_nfc("\xFF"));
}

TEST(Unicode, FoldsWhiteSpaceOfEveryKind) {
  EXPECT_EQ(fold_white_space("  a \t\n\u00a0\u2003 b\u3000"), "a b");
  EXPECT_EQ(fold_white_space(" \n "), "");
}

TEST(Unicode, WalksCodePointsAndWritesThemBack) {
  const std::string text = "a\u00e9\U0001F600";
  std::string copy;
  for (std::size_t position = 0; position < text.size();) {
    append_utf8(copy, next_code_point(text, position));
  }
  EXPECT_EQ(copy, text);
}

TEST(Unicode, CasefoldsCompatibilityForms) { EXPECT_EQ(to_nfkc_casefold("Ｆoo"), "foo"); }

}  // namespace
}  // namespace liquid
