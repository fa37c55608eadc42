#include "formats/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace liquid::formats {
namespace {

YamlNode text(std::string value) { return YamlNode{std::move(value)}; }

YamlNode value_of(std::string_view scalar) {
  const Result<YamlNode> root = parse_yaml("k: " + std::string(scalar) + "\n");
  if (!root) return text("error: " + root.error().message);
  return std::get<YamlMap>(root->value).at(0).value;
}

TEST(Yaml, PlainScalarsHavePyYamlsTypes) {
  for (const char* word : {"yes", "Yes", "TRUE", "on", "true"}) {
    EXPECT_EQ(value_of(word), YamlNode{true}) << word;
  }
  for (const char* word : {"no", "False", "OFF"}) EXPECT_EQ(value_of(word), YamlNode{false});
  for (const char* word : {"~", "null", "NULL", ""}) EXPECT_EQ(value_of(word), YamlNode{}) << word;
  EXPECT_EQ(value_of("-12_000"), YamlNode{std::int64_t{-12000}});
  EXPECT_EQ(value_of("0x1F"), YamlNode{std::int64_t{31}});
  EXPECT_EQ(value_of("017"), YamlNode{std::int64_t{15}});
  EXPECT_EQ(value_of("0b101"), YamlNode{std::int64_t{5}});
  EXPECT_EQ(value_of("1:30"), YamlNode{std::int64_t{90}});
  EXPECT_EQ(value_of("3.10"), YamlNode{3.1});
  EXPECT_EQ(value_of("-1.5e+3"), YamlNode{-1500.0});
  EXPECT_EQ(value_of("-.inf"), YamlNode{-std::numeric_limits<double>::infinity()});
  EXPECT_EQ(value_of(".NaN"), YamlNode{std::nan("")});
}

TEST(Yaml, WhatOnlyLooksLikeANumberIsText) {
  for (const char* word : {"3.11.2", "1e5", "1.5e3", "08", "yEs", "nULL", "-.5", "_1", "1:75",
                           "2026-11-24", "99999999999999999999", "m-1", "."}) {
    EXPECT_EQ(value_of(word), text(word)) << word;
  }
}

TEST(Yaml, QuotedScalarsAreText) {
  EXPECT_EQ(value_of("'yes'"), text("yes"));
  EXPECT_EQ(value_of("\"3.10\""), text("3.10"));
  EXPECT_EQ(value_of("!!str 12"), text("12"));
  EXPECT_EQ(value_of("''"), text(""));
}

TEST(Yaml, OfAKeyThatComesTwiceTheLastValueCounts) {
  const Result<YamlNode> root = parse_yaml("a: 1\nb: 2\na: 3\n");
  ASSERT_TRUE(root);
  const auto& map = std::get<YamlMap>(root->value);
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(*find(map, "a"), YamlNode{std::int64_t{3}});
}

TEST(Yaml, AliasesAreCopies) {
  const Result<YamlNode> root = parse_yaml("a: &x [1, two]\nb: *x\n");
  ASSERT_TRUE(root);
  const auto& map = std::get<YamlMap>(root->value);
  EXPECT_EQ(*find(map, "a"), *find(map, "b"));
}

TEST(Yaml, AnAliasBombIsRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += name + ": &" + name + " [" + last;
    for (int j = 0; j < 8; ++j) bomb += ", " + last;
    bomb += "]\n";
  }
  const Result<YamlNode> root = parse_yaml(bomb);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, ErrorCode::resource_exhausted);
}

TEST(Yaml, ALongTextRepeatedByAliasesIsRefused) {
  std::string bomb = "a: &a " + std::string(1 << 20, 'x') + "\nb:\n";
  for (int i = 0; i < 40; ++i) bomb += "- *a\n";
  const Result<YamlNode> root = parse_yaml(bomb);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, ErrorCode::resource_exhausted);
}

TEST(Yaml, DepthAndSizeAreBounded) {
  const Result<YamlNode> deep = parse_yaml(std::string(100, '[') + std::string(100, ']'));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, ErrorCode::resource_exhausted);
  const Result<YamlNode> large = parse_yaml(std::string(100, 'x'), YamlLimits{.max_bytes = 99});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::resource_exhausted);
}

TEST(Yaml, WhatNoSafeLoaderBuildsIsRefusedWithItsLine) {
  for (const char* bad : {"a: 1\nb: !!python/object/apply:os.system [x]\n", "a: 1\n? [x]\n: 2\n",
                          "a: 1\nb: [1, 2\n", "a: 1\n--- \nb: 2\n", "a: 1\nb: &x [*x]\n"}) {
    const Result<YamlNode> root = parse_yaml(bad);
    ASSERT_FALSE(root) << bad;
    EXPECT_EQ(root.error().code, ErrorCode::data_corrupt) << bad;
    EXPECT_THAT(root.error().message, testing::HasSubstr("line ")) << bad;
  }
}

TEST(Yaml, IsLaidOutAsPyYamlDoes) {
  const YamlMap inner{{"conda", text("conda.yaml")}, {"empty", YamlNode{YamlList{}}}};
  const YamlNode root{YamlMap{{"env", YamlNode{inner}},
                              {"list", YamlNode{YamlList{text("a b"), YamlNode{inner}}}},
                              {"none", YamlNode{}},
                              {"number", YamlNode{2.0}},
                              {"word", text("yes")}}};
  EXPECT_EQ(write_yaml(root),
            "env:\n"
            "  conda: conda.yaml\n"
            "  empty: []\n"
            "list:\n"
            "- 'a b'\n"
            "- conda: conda.yaml\n"
            "  empty: []\n"
            "none: null\n"
            "number: 2.0\n"
            "word: 'yes'\n");
}

TEST(Yaml, AnyTextSurvivesWritingAndReading) {
  std::mt19937 random(7);
  const std::string letters = "a1-:#'\"\\ \t\n{}[],&*!|>%@`?~=.\x7f";
  for (int round = 0; round < 3000; ++round) {
    std::string word;
    for (std::size_t size = random() % 12; word.size() < size;) {
      const std::size_t pick = random() % (letters.size() + 10);
      if (pick < letters.size()) {
        word += letters[pick];
      } else {
        word += pick % 3 == 0 ? "é" : pick % 3 == 1 ? "\xE2\x82\xAC" : "\xF0\x9F\x98\x80";
      }
    }
    const YamlNode root{YamlMap{{"k" + word, YamlNode{YamlList{text(word)}}}}};
    const Result<YamlNode> again = parse_yaml(write_yaml(root));
    ASSERT_TRUE(again) << write_yaml(root) << again.error().message;
    ASSERT_EQ(*again, root) << write_yaml(root);
  }
}

TEST(Yaml, NumbersSurviveWritingAndReading) {
  for (const double value : {0.0, -1.0, 1e17, 5e-324, 1.7976931348623157e308, 0.1, 123456789.5}) {
    const YamlNode root{YamlMap{{"k", YamlNode{value}}}};
    const Result<YamlNode> again = parse_yaml(write_yaml(root));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, root) << write_yaml(root);
  }
}

TEST(Yaml, BytesThatAreNoUtf8AreRefusedAndNeverWritten) {
  const Result<YamlNode> root = parse_yaml("k: a\xff\n");
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, ErrorCode::data_corrupt);
  EXPECT_EQ(write_yaml(YamlNode{YamlMap{{"k", text("a\xff")}}}), "k: \"a\\uFFFD\"\n");
}

}  // namespace
}  // namespace liquid::formats
