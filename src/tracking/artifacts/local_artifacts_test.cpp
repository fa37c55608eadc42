#include "tracking/artifacts/local_artifacts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "base/digest.h"
#include "base/file.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/artifacts/folder_fixture.h"

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;

class LocalArtifacts : public FolderTest {
 protected:
  std::unique_ptr<ArtifactStore> store_ = make_local_artifacts(folder() / "root");

  std::vector<std::string> listed(std::string_view path) {
    std::vector<std::string> names;
    const std::vector<FileInfo> found = store_->list(path).value();
    for (const FileInfo& info : found) {
      names.push_back(info.path + (info.is_folder ? "/" : ""));
    }
    return names;
  }
};

TEST_F(LocalArtifacts, KeepsWhatIsUploaded) {
  const UploadedFile uploaded = store_->upload(write("in", "text"), "a/b.txt", {}).value();
  EXPECT_EQ(uploaded, (UploadedFile{"a/b.txt", 4, sha256("text").hex()}));
  EXPECT_EQ(read_file(folder() / "root/a/b.txt").value(), "text");
  EXPECT_EQ(listed(""), std::vector<std::string>{"a/"});
  EXPECT_EQ(listed("a"), std::vector<std::string>{"a/b.txt"});
  ASSERT_TRUE(store_->download("a/b.txt", folder() / "out/copy", {}));
  EXPECT_EQ(read_file(folder() / "out/copy").value(), "text");
}

TEST_F(LocalArtifacts, ReplacesTheWholeFile) {
  ASSERT_TRUE(store_->upload(write("in", "long text"), "f", {}));
  ASSERT_TRUE(store_->upload(write("in", "short"), "f", {}));
  EXPECT_EQ(read_file(folder() / "root/f").value(), "short");
  EXPECT_EQ(listed(""), std::vector<std::string>{"f"});  // nothing left beside it
}

TEST_F(LocalArtifacts, ListsNothingWhereNothingIs) {
  EXPECT_EQ(listed(""), std::vector<std::string>{});
  ASSERT_TRUE(store_->upload(write("in", ""), "f", {}));
  EXPECT_EQ(listed("f"), std::vector<std::string>{});
  EXPECT_EQ(listed("none"), std::vector<std::string>{});
  EXPECT_EQ(store_->list("").value()[0].size, std::uint64_t{0});
}

TEST_F(LocalArtifacts, RefusesPathsThatLeaveTheRoot) {
  const fs::path in = write("in", "x");
  for (const std::string path : {"../x", "/x", "a/../../x", "a\\x", "C:/x", ""}) {
    EXPECT_EQ(store_->upload(in, path, {}).error().code, ErrorCode::invalid_argument) << path;
    EXPECT_EQ(store_->download(path, folder() / "out", {}).error().code,
              ErrorCode::invalid_argument)
        << path;
    EXPECT_EQ(store_->remove(path).error().code, ErrorCode::invalid_argument) << path;
    if (path.empty()) continue;
    EXPECT_EQ(store_->list(path).error().code, ErrorCode::invalid_argument) << path;
    EXPECT_EQ(store_->make_folder(path).error().code, ErrorCode::invalid_argument) << path;
  }
  EXPECT_FALSE(fs::exists(folder() / "x"));
}

TEST_F(LocalArtifacts, RefusesLinksThatLeaveTheRoot) {
  write("outside/secret", "secret");
  fs::create_directories(folder() / "root");
  fs::create_symlink(folder() / "outside", folder() / "root/link");
  fs::create_symlink(folder() / "outside/secret", folder() / "root/file");
  EXPECT_EQ(store_->download("link/secret", folder() / "out", {}).error().code,
            ErrorCode::permission_denied);
  EXPECT_EQ(store_->download("file", folder() / "out", {}).error().code,
            ErrorCode::permission_denied);
  EXPECT_EQ(store_->upload(write("in", "x"), "link/new", {}).error().code,
            ErrorCode::permission_denied);
  EXPECT_EQ(store_->remove("link/secret").error().code, ErrorCode::permission_denied);
  EXPECT_EQ(store_->list("link").error().code, ErrorCode::permission_denied);
  EXPECT_EQ(listed(""), std::vector<std::string>{});
  EXPECT_EQ(read_file(folder() / "outside/secret").value(), "secret");
}

TEST_F(LocalArtifacts, FollowsLinksInsideAndNeverInCircles) {
  ASSERT_TRUE(store_->upload(write("in", "x"), "a/f", {}));
  fs::create_symlink("a", folder() / "root/b");
  fs::create_symlink("..", folder() / "root/a/up");
  EXPECT_EQ(listed(""), (std::vector<std::string>{"a/", "b/"}));
  EXPECT_EQ(listed("a"), std::vector<std::string>{"a/f"});
  ASSERT_TRUE(store_->download("b/f", folder() / "out", {}));
}

TEST_F(LocalArtifacts, RemovesFilesAndFolders) {
  ASSERT_TRUE(store_->upload(write("in", "x"), "a/b/f", {}));
  ASSERT_TRUE(store_->upload(write("in", "x"), "a/g", {}));
  ASSERT_TRUE(store_->remove("a/b"));
  EXPECT_EQ(listed("a"), std::vector<std::string>{"a/g"});
  ASSERT_TRUE(store_->remove("a/g"));
  EXPECT_TRUE(store_->remove("a/none"));
}

TEST_F(LocalArtifacts, SaysWhatIsMissingOrInTheWay) {
  EXPECT_EQ(store_->download("none", folder() / "out", {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->upload(folder() / "none", "f", {}).error().code, ErrorCode::not_found);
  ASSERT_TRUE(store_->upload(write("in", "x"), "a/f", {}));
  EXPECT_EQ(store_->upload(write("in", "x"), "a", {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store_->upload(write("in", "x"), "a/f/g", {}).error().code, ErrorCode::conflict);
  EXPECT_EQ(store_->download("a", folder() / "out", {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(listed("a"), std::vector<std::string>{"a/f"});
}

TEST_F(LocalArtifacts, DoesNotHangOnANamedPipe) {
  ASSERT_EQ(::mkfifo((folder() / "pipe").c_str(), 0600), 0);
  const Error error = store_->upload(folder() / "pipe", "p", {}).error();
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_NE(error.message.find("pipe"), std::string::npos);
}

TEST_F(LocalArtifacts, SaysWhenTheDiskIsFull) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  Result<PendingFile> file = PendingFile::create(folder() / "f");
  ASSERT_TRUE(file);
  // A limit on the size of files stands for the full disk: the kernel then answers EFBIG.
  EXPECT_EQ(file->resize(std::uint64_t{1} << 62U).error().code, ErrorCode::resource_exhausted);
}

TEST_F(LocalArtifacts, TellsHowFarItIs) {
  std::vector<std::uint64_t> told;
  ASSERT_TRUE(store_->upload(write("in", std::string(3'000'000, 'x')), "f",
                             [&told](std::uint64_t done, std::uint64_t total) {
                               EXPECT_EQ(total, 3'000'000U);
                               told.push_back(done);
                             }));
  ASSERT_GT(told.size(), 1U);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), 3'000'000U);
}

}  // namespace
}  // namespace liquid::tracking::artifacts
