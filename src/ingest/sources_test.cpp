#include "ingest/sources.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.h"

namespace liquid::ingest {
namespace {

namespace fs = std::filesystem;

class SourcesTest : public testing::Test {
 protected:
  const fs::path before_ = fs::current_path();
  const fs::path folder_ = fs::path(testing::TempDir()) / "liquid_sources_test";

  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::current_path(folder_);
    for (const char* path : {"d/b.md", "d/a.html", "d/x.png", "d/.hidden.md", "d/.git/c.md",
                             "d/sub/README.md", "d/sub/deep/e.jsonl.gz"}) {
      fs::create_directories(fs::path(path).parent_path());
      ASSERT_TRUE(write_file_atomically(path, "text"));
    }
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }

  static std::vector<std::string> names(const Selection& selection) {
    std::vector<std::string> found;
    for (const SourceFile& file : find_sources(selection).files) found.push_back(file.name);
    return found;
  }
  using Names = std::vector<std::string>;
};

TEST_F(SourcesTest, AFolderIsReadToItsEndSortedWithoutHiddenAndUnknownFiles) {
  const Names all{"d/a.html", "d/b.md", "d/sub/README.md", "d/sub/deep/e.jsonl.gz"};
  EXPECT_EQ(names({{"d"}, {}, {}}), all);
  EXPECT_EQ(names({{"./d//"}, {}, {}}), all);
  EXPECT_EQ(names({{"."}, {}, {}}), all);
  EXPECT_EQ(find_sources({{"d"}, {}, {}}).ignored, 1u);
}

TEST_F(SourcesTest, GlobsMatchWithinAndAcrossFolders) {
  EXPECT_EQ(names({{"d/*.md"}, {}, {}}), Names{"d/b.md"});
  EXPECT_EQ(names({{"d/**/*.md"}, {}, {}}), (Names{"d/b.md", "d/sub/README.md"}));
  EXPECT_EQ(names({{"d/?.html"}, {}, {}}), Names{"d/a.html"});
}

TEST_F(SourcesTest, IncludeAndExcludeChooseFilesAndFolders) {
  EXPECT_EQ(names({{"d"}, {}, {"README.md", "a.*"}}), (Names{"d/b.md", "d/sub/deep/e.jsonl.gz"}));
  EXPECT_EQ(names({{"d"}, {}, {"sub"}}), (Names{"d/a.html", "d/b.md"}));
  EXPECT_EQ(names({{"d"}, {}, {"d/sub/**"}}), (Names{"d/a.html", "d/b.md"}));
  EXPECT_EQ(names({{"d"}, {"*.html"}, {}}), Names{"d/a.html"});
}

TEST_F(SourcesTest, EachFileComesOnceAndLinkLoopsEnd) {
  fs::create_directory_symlink("..", "d/sub/loop");
  EXPECT_EQ(names({{"d", "d/b.md", "d/*.md"}, {}, {}}).size(), 4u);
}

TEST_F(SourcesTest, WhatIsNotThereIsAFailure) {
  const Sources sources = find_sources({{"nowhere.md", "none/*.md", "d/x.png"}, {}, {}});
  ASSERT_EQ(sources.failures.size(), 2u);
  EXPECT_EQ(sources.failures[0].path, "nowhere.md");
  EXPECT_EQ(sources.failures[0].code, ErrorCode::not_found);
  EXPECT_EQ(sources.failures[1].path, "none/*.md");
  EXPECT_EQ(sources.failures[1].reason, "no file matches");
  EXPECT_EQ(sources.files.at(0).name, "d/x.png") << "named directly: reading it says what is wrong";
}

TEST_F(SourcesTest, HiddenFilesCanBeNamed) {
  EXPECT_EQ(names({{"d/.hidden.md"}, {}, {}}), Names{"d/.hidden.md"});
}

TEST_F(SourcesTest, AFileThatIsNoFileIsAFailure) {
  ASSERT_EQ(::mkfifo("pipe.md", 0600), 0);
  EXPECT_EQ(find_sources({{"pipe.md"}, {}, {}}).failures.at(0).reason, "is not a regular file");
}

TEST_F(SourcesTest, AScopeCoversWhatItsPathStandsFor) {
  const Scope folder(Scope::Kind::folder, "d");
  EXPECT_TRUE(folder.covers("d/a.md"));
  EXPECT_TRUE(folder.covers("d"));
  EXPECT_FALSE(folder.covers("d2/a.md"));
  const Scope here(Scope::Kind::folder, ".");
  EXPECT_TRUE(here.covers("d/a.md"));
  EXPECT_FALSE(here.covers("/d/a.md"));
  EXPECT_FALSE(here.covers("../a.md"));
  EXPECT_FALSE(here.covers("-"));
  EXPECT_TRUE(Scope(Scope::Kind::folder, "/").covers("/d/a.md"));
}

}  // namespace
}  // namespace liquid::ingest
