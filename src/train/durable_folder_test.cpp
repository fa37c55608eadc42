#include "train/durable_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "train/fake_training_test.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(DurableFolder, AppearsWithItsFilesOnCommit) {
  const ScratchFolder scratch;
  auto folder = DurableFolder::create(scratch.path() / "deep" / "a");
  ASSERT_TRUE(folder) << folder.error().message;
  write(folder->path() / "x", "1");
  EXPECT_FALSE(fs::exists(scratch.path() / "deep" / "a"));
  ASSERT_TRUE(folder->commit());
  EXPECT_EQ(*read_file(scratch.path() / "deep" / "a" / "x"), "1");
  EXPECT_EQ(entries(scratch.path() / "deep"), 1U);
}

TEST(DurableFolder, ReplacesTheOldOneAsAWhole) {
  const ScratchFolder scratch;
  fs::create_directory(scratch.path() / "a");
  write(scratch.path() / "a" / "old", "1");
  auto folder = DurableFolder::create(scratch.path() / "a");
  ASSERT_TRUE(folder);
  write(folder->path() / "new", "2");
  ASSERT_TRUE(folder->commit());
  EXPECT_FALSE(fs::exists(scratch.path() / "a" / "old"));
  EXPECT_EQ(*read_file(scratch.path() / "a" / "new"), "2");
  EXPECT_EQ(entries(scratch.path()), 1U);
}

TEST(DurableFolder, LeavesNothingWithoutCommit) {
  const ScratchFolder scratch;
  {
    auto folder = DurableFolder::create(scratch.path() / "a");
    ASSERT_TRUE(folder);
    write(folder->path() / "x", "1");
  }
  EXPECT_EQ(entries(scratch.path()), 0U);
}

TEST(DurableFolder, RemovesWhatAKilledProcessLeftAndNothingElse) {
  const ScratchFolder scratch;
  fs::create_directory(scratch.path() / ".checkpoint-3.liquid-partial");
  fs::create_directory(scratch.path() / ".checkpoint-1.liquid-removed");
  fs::create_directory(scratch.path() / ".mine.partial");
  ASSERT_TRUE(DurableFolder::remove_leftovers(scratch.path()));
  EXPECT_TRUE(fs::exists(scratch.path() / ".mine.partial"));
  EXPECT_EQ(entries(scratch.path()), 1U);
}

}  // namespace
}  // namespace liquid::train
