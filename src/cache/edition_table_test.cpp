#include "cache/edition_table.h"

#include <gtest/gtest.h>

namespace liquid::cache {
namespace {

Edition edition(std::string_view epoch, std::string_view version) {
  return {sha256(epoch), sha256(version)};
}

TEST(EditionTable, GivesEqualEditionsOneNumber) {
  EditionTable table;
  const auto first = table.acquire(edition("1", "a"));
  EXPECT_EQ(table.acquire(edition("1", "a")), first);
  EXPECT_NE(table.acquire(edition("2", "a")), first);
  EXPECT_NE(table.acquire(edition("1", "b")), first);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table[first], edition("1", "a"));
}

TEST(EditionTable, ForgetsAnEditionAfterItsLastUse) {
  EditionTable table;
  const auto first = table.acquire(edition("1", "a"));
  table.acquire(edition("1", "a"));
  table.release(first);
  EXPECT_EQ(table.size(), 1U);
  table.release(first);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.acquire(edition("2", "a")), first) << "numbers are used again";
}

}  // namespace
}  // namespace liquid::cache
