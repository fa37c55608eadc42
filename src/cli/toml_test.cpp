#include "cli/toml.h"

#include <gtest/gtest.h>

namespace liquid::cli {
namespace {

std::string read(std::string_view text) {
  const auto entries = parse_toml(text);
  if (!entries) return entries.error().message;
  std::string out;
  for (const TomlEntry& entry : *entries) {
    out += entry.key + (entry.shape == TomlEntry::Shape::list ? " in" : " is");
    for (const std::string& value : entry.values) out += " <" + value + ">";
    out += ";";
  }
  return out;
}

TEST(Toml, ReadsEveryKindOfValue) {
  EXPECT_EQ(read("a = 1\nb-c_2 = \"x\" # why\r\n\n  d = true\n'e f' = 'C:\\dir'\n\"g\"=false"),
            "a is <1>;b-c_2 is <x>;d is <true>;e f is <C:\\dir>;g is <false>;");
  EXPECT_EQ(read("\xEF\xBB\xBF# only a comment"), "");
  EXPECT_EQ(read(""), "");
}

TEST(Toml, ReadsNumbersAsTomlWritesThem) {
  EXPECT_EQ(read("a = 1_000\nb = +7\nc = -3\nd = 0x1F\ne = 0"),
            "a is <1000>;b is <7>;c is <-3>;d is <31>;e is <0>;");
  for (const char* bad : {"a = 007",        "a = 1__0",  "a = _1",
                          "a = 1_",         "a = 1.",    "a = .5",
                          "a = 1e",         "a = 1.e3",  "a = 1._5",
                          "a = 1.5_",       "a = 00.5",  "a = 1.5.2",
                          "a = 1e5.2",      "a = nan",   "a = inf",
                          "a = 2026-01-01", "a = 07:32", "a = 99999999999999999999",
                          "a = -",          "a =",       "a = yes",
                          "a = TRUE"}) {
    EXPECT_EQ(read(bad), "line 1: expected a text in quotes, a number, true or false") << bad;
  }
}

TEST(Toml, ReadsFractionsAsTomlWritesThem) {
  EXPECT_EQ(read("a = 1.5\nb = 2e-5\nc = -1_0.2_5E+3\nd = +0.1\ne = 1e06"),
            "a is <1.5>;b is <2e-5>;c is <-10.25e3>;d is <0.1>;e is <1e06>;");
}

TEST(Toml, ReadsListsOverSeveralLines) {
  EXPECT_EQ(
      read("a = []\nb = [ \"x\", 'y', 3, ]\nc = [ # first\n  \"x\" # second\n  ,\n\n true]\nd = 1"),
      "a in;b in <x> <y> <3>;c in <x> <true>;d is <1>;");
  EXPECT_EQ(read("a = [1\n2]"), "line 2: expected ',' or ']' in a list");
  EXPECT_EQ(read("a = [1,\n"), "line 2: expected a text in quotes, a number, true or false");
  EXPECT_EQ(read("a = [[1]]"), "line 1: expected a text in quotes, a number, true or false");
}

TEST(Toml, ReadsEscapes) {
  EXPECT_EQ(read(R"(a = "\"\\\t\u00e9\U0001F600")"), "a is <\"\\\t\xC3\xA9\xF0\x9F\x98\x80>;");
  for (const char* bad :
       {R"(a = "\x41")", R"(a = "\u12")", R"(a = "\ud800")", R"(a = "\U00110000")"}) {
    EXPECT_EQ(read(bad), "line 1: an escape that TOML does not know") << bad;
  }
  EXPECT_EQ(read("a = \"x\\"), "line 1: an escape that TOML does not know");
}

TEST(Toml, NamesTheLineOfWhatItDoesNotTake) {
  EXPECT_EQ(read("a = 1\n[table]"), "line 2: expected name = value, got a table");
  EXPECT_EQ(read("[\xC3\xA9]"), "line 1: expected name = value, got a table");
  EXPECT_EQ(read("a.b = 1"), "line 1: expected name = value, got a table");
  EXPECT_EQ(read("a = {b = 1}"), "line 1: a: expected a value, not a table");
  EXPECT_EQ(read("\xC3\xA9 = 1"), "line 1: expected name = value");
  EXPECT_EQ(read("= 1"), "line 1: expected name = value");
  EXPECT_EQ(read("a 1"), "line 1: expected '=' behind 'a'");
  EXPECT_EQ(read("a = 1 b = 2"), "line 1: expected the end of the line behind the value");
  EXPECT_EQ(read("\na = \"x\ny\""), "line 2: a text that does not end on its line");
  EXPECT_EQ(read("a = 'x\ny'"), "line 1: a text that does not end on its line");
  EXPECT_EQ(read("a = \"\"\"x\"\"\""), "line 1: a text over several lines; expected one line");
  EXPECT_EQ(read("a = 1\n\na = 2"), "line 3: 'a' stands twice");
  EXPECT_EQ(read("a = \"\xFF\""), "the text is not UTF-8");
  EXPECT_EQ(read("# \x01"), "line 1: a control character in a comment");
  EXPECT_EQ(read("a = 1\rb = 2"), "line 1: expected the end of the line behind the value");
}

}  // namespace
}  // namespace liquid::cli
