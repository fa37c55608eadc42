#include "tokenizer/repair_utf8.h"

#include <gtest/gtest.h>

namespace liquid::tokenizer {
namespace {

TEST(RepairUtf8, ReplacesEachMaximalWrongPartOnce) {
  EXPECT_EQ(repair_utf8("plain \u00E9\u6771\U0001F44D"), "plain \u00E9\u6771\U0001F44D");
  EXPECT_EQ(repair_utf8("\xF0\x9F\x91"), "\uFFFD");
  EXPECT_EQ(repair_utf8("\xF0\x9F\x91x"), "\uFFFDx");
  EXPECT_EQ(repair_utf8("\xE6\x9D\xE6\x9D\xB1"), "\uFFFD\u6771");
  EXPECT_EQ(repair_utf8("\x80\x80"), "\uFFFD\uFFFD");
  EXPECT_EQ(repair_utf8("\xC0\xAF"), "\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(repair_utf8("\xE0\x80\x80"), "\uFFFD\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD") << "surrogate";
  EXPECT_EQ(repair_utf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD") << "beyond U+10FFFF";
  EXPECT_EQ(repair_utf8("\xF5"), "\uFFFD");
}

}  // namespace
}  // namespace liquid::tokenizer
