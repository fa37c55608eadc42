#include "tracking/text_coding.h"

#include <gtest/gtest.h>

namespace liquid::tracking {
namespace {

TEST(TextCoding, WritesBase64AsTheStandardsExamples) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm8"), "fo");
  EXPECT_FALSE(from_base64("Z m8="));
}

TEST(TextCoding, DecodesEscapesOnceAndLeavesWhatIsNone) {
  EXPECT_EQ(percent_decoded("a%20b%2fc%C3%bc"), "a b/cü");
  EXPECT_EQ(percent_decoded("%2525"), "%25");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%zz%4"), "%zz%4");
}

TEST(TextCoding, EncodesAllButUnreservedAndKeptCharacters) {
  EXPECT_EQ(percent_encoded("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(percent_encoded("a b/ü"), "a%20b%2F%C3%BC");
  EXPECT_EQ(percent_encoded("a b/ü", "/"), "a%20b/%C3%BC");
}

}  // namespace
}  // namespace liquid::tracking
