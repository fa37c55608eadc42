#include "search/filter.h"

#include <gtest/gtest.h>

#include <random>

namespace liquid::search {
namespace {

TEST(Glob, AStarStaysInsideAPathComponent) {
  EXPECT_TRUE(glob_matches("docs/*.md", "docs/a.md"));
  EXPECT_TRUE(glob_matches("docs/*.md", "docs/.md"));
  EXPECT_FALSE(glob_matches("docs/*.md", "docs/sub/a.md"));
  EXPECT_TRUE(glob_matches("*/*/c", "a/b/c"));
  EXPECT_FALSE(glob_matches("*", "a/b"));
  EXPECT_TRUE(glob_matches("a*b*c", "aXbXbXc"));
  EXPECT_FALSE(glob_matches("a*b*c", "aXbXb/Xc"));
}

TEST(Glob, TwoStarsCrossComponents) {
  EXPECT_TRUE(glob_matches("docs/**", "docs/sub/a.md"));
  EXPECT_TRUE(glob_matches("**/a.md", "a.md"));
  EXPECT_TRUE(glob_matches("**/a.md", "x/y/a.md"));
  EXPECT_FALSE(glob_matches("**/a.md", "x/ya.md"));
  EXPECT_TRUE(glob_matches("docs/**/a.md", "docs/a.md"));
  EXPECT_TRUE(glob_matches("docs/**/*.md", "docs/x/y/b.md"));
  EXPECT_TRUE(glob_matches("**", ""));
  EXPECT_TRUE(glob_matches("**/x/*", "a/x/b/x/c"));
}

TEST(Glob, EverythingElseStandsForItself) {
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_FALSE(glob_matches("a?c", "a/c"));
  EXPECT_TRUE(glob_matches("[a].{b}", "[a].{b}"));
  EXPECT_FALSE(glob_matches("abc", "abcd"));
  EXPECT_FALSE(glob_matches("abcd", "abc"));
  EXPECT_FALSE(glob_matches("", "a"));
}

// The definition, word by word; exponential, so only for short strings.
bool matches_by_definition(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern.substr(0, 3) == "**/" && matches_by_definition(pattern.substr(3), path)) return true;
  if (pattern.substr(0, 2) == "**") {
    const bool component = pattern.substr(2, 1) == "/";
    for (std::size_t i = 0; i <= path.size(); ++i) {
      if (component && (i == 0 || path[i - 1] != '/')) continue;
      if (matches_by_definition(pattern.substr(component ? 3 : 2), path.substr(i))) return true;
    }
    return false;
  }
  if (pattern[0] == '*') {
    for (std::size_t i = 0; i <= path.size(); ++i) {
      if (matches_by_definition(pattern.substr(1), path.substr(i))) return true;
      if (i < path.size() && path[i] == '/') return false;
    }
    return false;
  }
  if (path.empty()) return false;
  const bool fits = pattern[0] == '?' ? path[0] != '/' : pattern[0] == path[0];
  return fits && matches_by_definition(pattern.substr(1), path.substr(1));
}

TEST(Glob, AgreesWithItsDefinition) {
  std::mt19937 random(5);
  const auto draw = [&](std::string_view letters, std::size_t most) {
    std::string text(random() % (most + 1), ' ');
    for (char& letter : text) letter = letters[random() % letters.size()];
    return text;
  };
  for (int i = 0; i < 200'000; ++i) {
    const std::string pattern = draw("ab/**?", 7);
    const std::string path = draw("ab/", 7);
    ASSERT_EQ(glob_matches(pattern, path), matches_by_definition(pattern, path))
        << "'" << pattern << "' on '" << path << "'";
  }
}

TEST(Metadata, ComparesWholeNamesAndValues) {
  const std::string encoded =
      encode_metadata({{"lang", "en"}, {"tags", ""}, {"long", std::string(300, 'x')}});
  EXPECT_TRUE(metadata_holds(encoded, "lang", "en"));
  EXPECT_TRUE(metadata_holds(encoded, "tags", ""));
  EXPECT_TRUE(metadata_holds(encoded, "long", std::string(300, 'x')));
  EXPECT_FALSE(metadata_holds(encoded, "lang", "e"));
  EXPECT_FALSE(metadata_holds(encoded, "lan", "en"));
  EXPECT_FALSE(metadata_holds("", "lang", ""));
}

TEST(Metadata, DamagedBytesHoldNothing) {
  const std::string encoded = encode_metadata({{"lang", "en"}});
  for (std::size_t cut = 0; cut < encoded.size(); ++cut) {
    EXPECT_FALSE(metadata_holds(encoded.substr(0, cut), "lang", "en"));
  }
  EXPECT_FALSE(metadata_holds("\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "lang", "en"));
}

}  // namespace
}  // namespace liquid::search
