#include "cache/key.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

#include "base/digest.h"

namespace liquid::cache {
namespace {

constexpr Key::Hashing kHashing{&hash64, 7};

Key key(std::string_view tenant, std::string_view route, std::string_view canonical) {
  return Key({tenant, route, canonical}, kHashing);
}

TEST(Key, GivesItsPartsBack) {
  const Key made = key("acme", "/ask", R"({"question":"why"})");
  EXPECT_EQ(made.tenant(), "acme");
  EXPECT_EQ(made.route(), "/ask");
  EXPECT_EQ(made.canonical(), R"({"question":"why"})");
}

TEST(Key, HoldsEmptyPartsAndZeroBytes) {
  const std::string zero("a\0b", 3);
  const Key made = key("", zero, "");
  EXPECT_EQ(made.tenant(), "");
  EXPECT_EQ(made.route(), zero);
  EXPECT_EQ(made.canonical(), "");
}

TEST(Key, DiffersWhereverTheBorderBetweenPartsMoves) {
  EXPECT_FALSE(key("ab", "c", "d") == key("a", "bc", "d"));
  EXPECT_FALSE(key("a", "bc", "d") == key("a", "b", "cd"));
  EXPECT_FALSE(key("", "abc", "d") == key("abc", "", "d"));
}

TEST(Key, IsNotDecidedByItsHash) {
  const Key::Hashing constant{[](std::string_view, std::uint64_t) -> std::uint64_t { return 1; },
                              0};
  const Key one({"a", "/ask", "{}"}, constant);
  const Key other({"b", "/ask", "{}"}, constant);
  EXPECT_EQ(one.hash(), other.hash());
  EXPECT_FALSE(one == other);
}

TEST(Key, HashDependsOnTheSeed) {
  const Key one({"a", "/ask", "{}"}, {&hash64, 1});
  const Key other({"a", "/ask", "{}"}, {&hash64, 2});
  EXPECT_NE(one.hash(), other.hash());
}

TEST(Key, CopiesAreEqualAndIndependent) {
  Key original = key("a", "/ask", "{}");
  const Key copy = original;
  original = key("b", "/ask", "{}");
  EXPECT_EQ(copy.tenant(), "a");
  EXPECT_EQ(original.tenant(), "b");
  EXPECT_EQ((std::unordered_set<Key>{copy, original, copy}).size(), 2U);
}

}  // namespace
}  // namespace liquid::cache
