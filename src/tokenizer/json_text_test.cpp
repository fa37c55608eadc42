#include "tokenizer/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liquid::tokenizer {
namespace {

std::string dumped(std::string text) {
  const Result<JsonText> value = JsonText::parse(std::move(text));
  return value ? value->dumped() : "error: " + value.error().message;
}

std::string repr(std::string text) {
  const Result<JsonText> value = JsonText::parse(std::move(text));
  return value ? value->repr() : "error: " + value.error().message;
}

TEST(JsonText, DumpsWithPythonsSpacing) {
  EXPECT_EQ(dumped(" {\"b\":1 ,\"a\" : [ 1,2 , null,{}, [] ],\"\":true}\n"),
            R"({"b": 1, "a": [1, 2, null, {}, []], "": true})");
}

TEST(JsonText, DumpsStringsWithTheFewestEscapes) {
  EXPECT_EQ(dumped(R"("\u00e9\ud83d\udc4d<\/b>\"\\\b\f\n\r\t\u0001\u007f '")"),
            "\"é👍</b>\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7F '\"");
  EXPECT_EQ(dumped(R"({"a\"}":"]{,"})"), R"({"a\"}": "]{,"})");
}

TEST(JsonText, WritesNumbersAsPython) {
  EXPECT_EQ(dumped("[0,-0,-0.0,123456789012345678901234567890,1.50,1e5,1E-5,0.0001,1e15,1e16,"
                   "-2.5e-7,1.7976931348623157e308,1e400,0.1,100.0,5e-324]"),
            "[0, 0, -0.0, 123456789012345678901234567890, 1.5, 100000.0, 1e-05, 0.0001, "
            "1000000000000000.0, 1e+16, -2.5e-07, 1.7976931348623157e+308, Infinity, 0.1, 100.0, "
            "5e-324]");
}

TEST(JsonText, ShowsValuesAsPythonLiterals) {
  EXPECT_EQ(repr(R"({"k":[true,false,null,1.0,"a'b","a\"b","a'\"b","\n\\"]})"),
            R"({'k': [True, False, None, 1.0, "a'b", 'a"b', 'a\'"b', '\n\\']})");
  EXPECT_EQ(repr(R"("\u0000\u007f\u00a0\u00ad\u200b\ue000é東")"),
            R"('\x00\x7f\xa0\xad\u200b\ue000é東')");
  EXPECT_EQ(repr("\"\U000E0001\""), R"('\U000e0001')");
}

TEST(JsonText, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "'a'", "NaN", "\"\\ud83d\"", "1 2", "\"\xFF\""}) {
    const Result<JsonText> value = JsonText::parse(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_FALSE(JsonText::parse(std::string(300, '[') + std::string(300, ']')));
}

}  // namespace
}  // namespace liquid::tokenizer
