#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "base/digest.h"
#include "base/file.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/artifacts/folder_fixture.h"
#include "tracking/artifacts/local_artifacts.h"

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class TransferTree : public FolderTest {
 protected:
  std::unique_ptr<ArtifactStore> store_ = make_local_artifacts(folder() / "root");

  Result<std::vector<UploadedFile>> upload(std::string_view path = "") {
    return upload_tree(*store_, folder() / "in", path, {});
  }
};

TEST_F(TransferTree, KeepsTheShapeOfAFolder) {
  write("in/b", "bb");
  write("in/a/c", "c");
  fs::create_directories(folder() / "in/empty/inner");
  EXPECT_THAT(upload("to").value(), ElementsAre(UploadedFile{"to/a/c", 1, sha256("c").hex()},
                                                UploadedFile{"to/b", 2, sha256("bb").hex()}));
  EXPECT_EQ(download_tree(*store_, "to", folder() / "out", {}).value(), folder() / "out/to");
  EXPECT_EQ(read_file(folder() / "out/to/a/c").value(), "c");
  EXPECT_TRUE(fs::is_directory(folder() / "out/to/empty/inner"));
}

TEST_F(TransferTree, TakesOneFileUnderItsName) {
  write("in", "x");
  EXPECT_THAT(upload("to").value(), ElementsAre(UploadedFile{"to/in", 1, sha256("x").hex()}));
  EXPECT_EQ(download_tree(*store_, "to/in", folder() / "out", {}).value(), folder() / "out/to/in");
  EXPECT_EQ(read_file(folder() / "out/to/in").value(), "x");
}

TEST_F(TransferTree, FetchesTheWholeRootAndEmptyFolders) {
  write("in/a", "x");
  fs::create_directories(folder() / "in/empty");
  ASSERT_TRUE(upload());
  EXPECT_EQ(download_tree(*store_, "", folder() / "out", {}).value(), folder() / "out");
  EXPECT_EQ(read_file(folder() / "out/a").value(), "x");
  ASSERT_TRUE(download_tree(*store_, "empty", folder() / "out2", {}));
  EXPECT_TRUE(fs::is_directory(folder() / "out2/empty"));
}

TEST_F(TransferTree, SaysWhatIsMissing) {
  EXPECT_EQ(upload().error().code, ErrorCode::not_found);
  const Error error = download_tree(*store_, "none", folder() / "out", {}).error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_NE(error.message.find("\"none\""), std::string::npos);
  EXPECT_EQ(download_tree(*store_, "../x", folder() / "out", {}).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(upload("../x").error().code, ErrorCode::invalid_argument);
}

TEST_F(TransferTree, FollowsLinksInsideTheFolder) {
  write("in/a/f", "x");
  fs::create_symlink("a", folder() / "in/b");
  fs::create_symlink("a/f", folder() / "in/g");
  std::vector<std::string> paths;
  const std::vector<UploadedFile> uploaded = upload().value();
  for (const UploadedFile& file : uploaded) paths.push_back(file.path);
  EXPECT_THAT(paths, ElementsAre("a/f", "b/f", "g"));
}

TEST_F(TransferTree, RefusesLinksThatLeadOutOrInCircles) {
  write("outside", "secret");
  write("in/a/f", "x");
  fs::create_symlink(folder() / "outside", folder() / "in/link");
  Error error = upload().error();
  EXPECT_EQ(error.code, ErrorCode::permission_denied);
  EXPECT_NE(error.message.find("in/link"), std::string::npos) << error.message;
  fs::remove(folder() / "in/link");
  fs::create_symlink("..", folder() / "in/a/up");
  error = upload().error();
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  fs::remove(folder() / "in/a/up");
  fs::create_symlink("nowhere", folder() / "in/dangling");
  EXPECT_EQ(upload().error().code, ErrorCode::not_found);
}

TEST_F(TransferTree, NamesTheFileItCannotTake) {
  write("in/a", "x");
  ASSERT_EQ(::mkfifo((folder() / "in/pipe").c_str(), 0600), 0);
  Error error = upload().error();
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_NE(error.message.find("in/pipe"), std::string::npos) << error.message;
  fs::remove(folder() / "in/pipe");
  if (::geteuid() == 0) return;  // root reads everything
  fs::permissions(folder() / "in/a", fs::perms::none);
  error = upload().error();
  EXPECT_EQ(error.code, ErrorCode::permission_denied);
  EXPECT_NE(error.message.find("in/a"), std::string::npos) << error.message;
}

TEST_F(TransferTree, TellsTheBytesOfTheWholeJob) {
  for (int i = 0; i < 40; ++i) write("in/" + std::to_string(i), std::string(100, 'x'));
  std::vector<std::uint64_t> told;
  const auto progress = [&told](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 4000U);
    told.push_back(done);
  };
  ASSERT_TRUE(upload_tree(*store_, folder() / "in", "", progress));
  EXPECT_EQ(told.size(), 40U);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), 4000U);
  told.clear();
  ASSERT_TRUE(download_tree(*store_, "", folder() / "out", progress));
  EXPECT_EQ(told.back(), 4000U);
}

// Lists what it is told, as a bad server does.
class LyingStore final : public ArtifactStore {
 public:
  std::vector<FileInfo> entries;

  Result<std::vector<FileInfo>> list(std::string_view path) override {
    std::vector<FileInfo> listed = entries;
    for (FileInfo& entry : listed) {
      if (entry.is_folder) entry.path = std::string(path) + (path.empty() ? "" : "/") + entry.path;
    }
    return listed;
  }
  Result<UploadedFile> upload(const fs::path&, std::string_view, const TransferProgress&) override {
    return Error{ErrorCode::unsupported, ""};
  }
  Result<void> download(std::string_view, const fs::path&, const TransferProgress&) override {
    ADD_FAILURE() << "was asked for a file";
    return {};
  }
  Result<void> remove(std::string_view) override { return {}; }
};

TEST_F(TransferTree, TrustsNoNamesOfAStore) {
  LyingStore store;
  for (const std::string path : {"../evil", "/evil", "a/evil", "C:evil"}) {
    store.entries = {{.path = path, .is_folder = false, .size = 1}};
    EXPECT_EQ(download_tree(store, "", folder() / "out", {}).error().code,
              ErrorCode::invalid_argument)
        << path;
  }
  store.entries = {{.path = "deeper", .is_folder = true, .size = {}}};
  EXPECT_EQ(download_tree(store, "", folder() / "out", {}).error().code, ErrorCode::data_corrupt);
}

}  // namespace
}  // namespace liquid::tracking::artifacts
