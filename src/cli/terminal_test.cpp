#include "cli/terminal.h"

#include <gtest/gtest.h>

#include "cli/progress.h"

namespace liquid::cli {
namespace {

TEST(Terminal, SizesAndTimesAreReadable) {
  EXPECT_EQ(readable_bytes(999), "999 B");
  EXPECT_EQ(readable_bytes(1500), "1.5 KB");
  EXPECT_EQ(readable_bytes(2.5e9), "2.5 GB");
  EXPECT_EQ(readable_seconds(0.25), "0.2 s");
  EXPECT_EQ(readable_seconds(75), "1 min 15 s");
  EXPECT_EQ(readable_seconds(7260), "2 h 01 min");
}

TEST(Table, IsAsWideAsItsCells) {
  EXPECT_EQ(table({{"NAME"}, {"N", Align::right}}, {{"größe", "1"}, {"x", "20"}}, std::nullopt),
            "NAME    N\n"
            "größe   1\n"
            "x      20\n");
}

TEST(Table, CutsTheWidestTextToFitTheTerminal) {
  EXPECT_EQ(table({{"NAME"}, {"TITLE"}, {"N", Align::right}},
                  {{"short", "a title that is far too long", "1"}}, 20),
            "NAME   TITLE       N\n"
            "short  a title t…  1\n");
}

TEST(Table, ControlCharactersDoNotReachTheTerminal) {
  EXPECT_EQ(table({{"T"}}, {{"a\x1b[2Jb\nc"}}, std::nullopt), "T\na [2Jb c\n");
}

ingest::Summary half_way() {
  ingest::Summary summary;
  summary.added = 100;
  summary.files = 5;
  summary.bytes = 500;
  return summary;
}

TEST(Progress, TheBarShowsShareRateAndTimeLeft) {
  EXPECT_EQ(progress_bar(half_way(), {10, 1000, 2.0}, 80),
            "[#############..............]  50%  5/10 files  100 documents  50/s  2.0 s left");
}

TEST(Progress, TheBarNeverFillsItsLine) {
  for (std::size_t columns = 0; columns < 200; ++columns) {
    EXPECT_LT(progress_bar(half_way(), {10, 1000, 2.0}, columns).size(),
              std::max<std::size_t>(columns, 1));
  }
}

TEST(Progress, OfStandardInputNobodyKnowsTheEnd) {
  EXPECT_EQ(progress_line(half_way(), {1, 0, 2.0}), "5/1 files  100 documents  50/s");
}

}  // namespace
}  // namespace liquid::cli
