#include "train/data/json_text.h"

#include <gtest/gtest.h>

namespace liquid::train {
namespace {

JsonFault fault_of(std::string_view text) {
  const JsonView::Parsed parsed = JsonView::parse(text);
  EXPECT_FALSE(parsed.value) << text;
  return parsed.fault;
}

JsonView view_of(std::string_view text) {
  const JsonView::Parsed parsed = JsonView::parse(text);
  EXPECT_TRUE(parsed.value) << text << ": " << parsed.fault.reason;
  return *parsed.value;
}

TEST(JsonFault, NamesTheColumnInCharacters) {
  const JsonFault fault = fault_of(R"({"größe": 1 "b": 2})");
  EXPECT_EQ(fault.line, 1);
  EXPECT_EQ(fault.column, 13);
  EXPECT_EQ(fault.reason, "expected ',' or '}', found '\"'");
}

TEST(JsonFault, NamesTheLineOfATextWithSeveral) {
  EXPECT_EQ(fault_of("{\n  \"a\": 1,\n  }"),
            (JsonFault{3, 3, "expected a field name in double quotes, found '}'"}));
}

TEST(JsonFault, SaysWhatPeopleGetWrong) {
  EXPECT_EQ(
      fault_of("{'a': 1}").reason,
      "expected a field name in double quotes, found ' (JSON strings stand in double quotes)");
  EXPECT_EQ(fault_of(R"({"a": True})").reason, "True is Python, not JSON");
  EXPECT_EQ(fault_of(R"({"a": NaN})").reason, "NaN is Python, not JSON");
  EXPECT_EQ(fault_of("{\"a\": \"x\ty\"}").reason, "a tab inside a string is written \\t");
  EXPECT_EQ(fault_of("{\"a\": \"x\ny\"}").reason, "a line break inside a string is written \\n");
  EXPECT_EQ(fault_of(R"({"a": "x)").reason, "the string has no end (is the row cut off?)");
  EXPECT_EQ(fault_of(R"({"a": )").reason, "expected a value, found the end (is the row cut off?)");
  EXPECT_EQ(fault_of("{} {}").reason, "expected the end of the row, found '{'");
  EXPECT_EQ(fault_of(R"("\x41")").reason, "no escape in JSON: \\ and 'x'");
  EXPECT_EQ(fault_of(R"("\u12G4")").reason,
            "expected four hexadecimal digits after \\u, found 'G'");
  EXPECT_EQ(fault_of(R"("\ud83d")").reason,
            "\\u escape is the first half of a character without its second");
  EXPECT_EQ(fault_of(R"("\ude00")").reason, "\\u escape is the second half of a character");
  EXPECT_EQ(fault_of("01").reason, "expected the end of the row, found '1'");
  EXPECT_EQ(fault_of("1.").reason, "expected a digit, found the end (is the row cut off?)");
  EXPECT_EQ(fault_of("-").reason, "expected a digit, found the end (is the row cut off?)");
  EXPECT_EQ(fault_of("").reason, "expected a value, found the end (is the row cut off?)");
}

TEST(JsonFault, NamesTheByteThatIsNotUtf8) {
  EXPECT_EQ(fault_of("{\"a\": \"caf\xE9\"}"),
            (JsonFault{1, 11, "byte 0xE9 is not UTF-8 (another encoding, or damaged?)"}));
  EXPECT_EQ(fault_of("\"\xC3").column, 2);
}

TEST(JsonFault, StopsAtADepthThatNoRowNeeds) {
  EXPECT_TRUE(JsonView::parse(std::string(128, '[') + std::string(128, ']')).value);
  EXPECT_EQ(fault_of(std::string(100'000, '[')).reason, "nested deeper than 128");
}

TEST(JsonView, KnowsEveryKind) {
  EXPECT_EQ(view_of("null").kind(), JsonKind::null);
  EXPECT_EQ(view_of(" true ").kind(), JsonKind::boolean);
  EXPECT_EQ(view_of("false").kind(), JsonKind::boolean);
  EXPECT_EQ(view_of("-0.5e+3").kind(), JsonKind::number);
  EXPECT_EQ(view_of("\"\"").kind(), JsonKind::string);
  EXPECT_EQ(view_of("[]").kind(), JsonKind::array);
  EXPECT_EQ(view_of("{}").kind(), JsonKind::object);
}

TEST(JsonView, DecodesStrings) {
  EXPECT_EQ(view_of(R"("a\"\\\/\b\f\n\r\tz")").string(), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(view_of(R"("\u00e9 \ud83d\uDE00 é")").string(), "é 😀 é");
  EXPECT_EQ(view_of("\"\\u0000\"").string(), std::string(1, '\0'));
  EXPECT_EQ(view_of("\"\"").string(), "");
}

TEST(JsonView, HandsValuesOnAsTheyAreSpelt) {
  const std::string text =
      R"( { "a" : 1.0 , "b":{"x":[1,2 ] , "}":"]\""}, "c" : 12345678901234567890123 } )";
  const std::vector<JsonView::Member> members = view_of(text).members();
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].key, "a");
  EXPECT_EQ(members[0].value.text(), "1.0");
  EXPECT_EQ(members[1].value.text(), R"({"x":[1,2 ] , "}":"]\""})");
  EXPECT_EQ(members[1].value.members()[1].key, "}");
  EXPECT_EQ(members[1].value.members()[0].value.elements()[1].text(), "2");
  EXPECT_EQ(members[2].value.text(), "12345678901234567890123");
}

TEST(JsonView, LastOfTwoEqualKeysCountsAndNullIsAbsent) {
  const std::vector<JsonView::Member> members =
      view_of(R"({"a": 1, "\u0061": 2, "b": 3, "b": null})").members();
  EXPECT_EQ(find(members, "a")->text(), "2");
  EXPECT_FALSE(find(members, "b"));
  EXPECT_FALSE(find(members, "c"));
}

}  // namespace
}  // namespace liquid::train
