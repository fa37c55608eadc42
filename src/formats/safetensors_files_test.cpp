#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/file.h"
#include "formats/safetensors_reader.h"
#include "formats/safetensors_writer.h"

namespace liquid::formats {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class SafetensorsFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      found.push_back(entry.path().filename());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  /// Four tensors of four bytes each, at most `max_shard_bytes` in a file.
  void write_four(std::uint64_t max_shard_bytes) {
    std::vector<TensorPlan> plans;
    for (const char* name : {"a", "b", "c", "d"}) plans.push_back({name, "U8", {4}});
    Result<TensorFolderWriter> writer =
        TensorFolderWriter::create(folder_, plans, {.max_shard_bytes = max_shard_bytes});
    ASSERT_TRUE(writer) << writer.error().message;
    for (const TensorPlan& plan : plans) {
      ASSERT_TRUE(writer->write(plan.name, bytes_of(std::string(4, plan.name[0]))));
    }
    const Result<void> done = writer->finish();
    ASSERT_TRUE(done) << done.error().message;
  }

  std::string text_of(const TensorFolder& folder, std::string_view name) {
    const Result<TensorView> view = folder.tensor(name);
    if (!view) return view.error().message;
    return {reinterpret_cast<const char*>(view->bytes.data()), view->bytes.size()};
  }

  fs::path folder_;
};

TEST_F(SafetensorsFiles, PiecesInAnyOrderMakeTheFile) {
  const fs::path file = folder_ / "x.safetensors";
  Result<SafetensorsWriter> writer = SafetensorsWriter::create(
      file, {{"u8", "U8", {3}}, {"f32", "F32", {1, 1}}, {"empty", "F32", {0}}});
  ASSERT_TRUE(writer) << writer.error().message;
  ASSERT_TRUE(writer->write("u8", bytes_of("ab")));
  ASSERT_TRUE(writer->write("f32", bytes_of("1234")));
  ASSERT_TRUE(writer->write("u8", bytes_of("c")));
  EXPECT_FALSE(fs::exists(file));
  ASSERT_TRUE(writer->finish());
  EXPECT_THAT(names(), ElementsAre("x.safetensors"));
  const Result<SafetensorsFile> read = SafetensorsFile::open(file);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->tensors().size(), 3U);
  EXPECT_EQ(std::memcmp(read->tensor("u8")->bytes.data(), "abc", 3), 0);
  EXPECT_EQ(std::memcmp(read->tensor("f32")->bytes.data(), "1234", 4), 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read->tensor("f32")->bytes.data()) % 4, 0U);
  EXPECT_EQ(read->metadata(), kTorchMetadata);
}

TEST_F(SafetensorsFiles, AnUnfinishedFileIsRefusedAndLeavesNothing) {
  std::ofstream(folder_ / "x.safetensors") << "the old one";
  {
    Result<SafetensorsWriter> writer =
        SafetensorsWriter::create(folder_ / "x.safetensors", {{"a", "U8", {3}}});
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->write("a", bytes_of("ab")));
    const Result<void> done = writer->finish();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::invalid_state);
    EXPECT_THAT(done.error().message, HasSubstr("tensor 'a' only 2 of 3 bytes"));
  }
  EXPECT_THAT(names(), ElementsAre("x.safetensors"));
  EXPECT_EQ(*read_file(folder_ / "x.safetensors"), "the old one");
}

TEST_F(SafetensorsFiles, WrongPlansAndWritesAreRefusedByName) {
  const fs::path file = folder_ / "x.safetensors";
  const std::vector<std::vector<TensorPlan>> bad{{{"a", "F31", {1}}},
                                                 {{"a", "F4", {1}}},
                                                 {{"a", "U8", {1}}, {"a", "U8", {1}}},
                                                 {{"__metadata__", "U8", {1}}},
                                                 {{"a", "F32", {1ULL << 40, 1ULL << 40}}}};
  for (const std::vector<TensorPlan>& plans : bad) {
    const auto writer = SafetensorsWriter::create(file, plans);
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(writer.error().message, HasSubstr(file.string()));
  }
  Result<SafetensorsWriter> writer = SafetensorsWriter::create(file, {{"a", "U8", {1}}});
  ASSERT_TRUE(writer);
  EXPECT_EQ(writer->write("b", bytes_of("x")).error().code, ErrorCode::not_found);
  EXPECT_EQ(writer->write("a", bytes_of("xy")).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(SafetensorsWriter::create("/nowhere/x", {}).error().code, ErrorCode::not_found);
}

TEST_F(SafetensorsFiles, AFullDiskIsKnownBeforeTheFirstTensor) {
  const auto writer = SafetensorsWriter::create(folder_ / "x", {{"a", "U8", {1ULL << 59}}});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, ErrorCode::unavailable);
  EXPECT_THAT(writer.error().message, HasSubstr("cannot reserve"));
  EXPECT_THAT(names(), ElementsAre());
}

TEST_F(SafetensorsFiles, ShardsAreCutBetweenTensorsAndReadAsOne) {
  write_four(9);
  EXPECT_THAT(names(),
              ElementsAre("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                          "model.safetensors.index.json"));
  const Result<TensorFolder> folder = TensorFolder::open(folder_);
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(folder->tensors().size(), 4U);
  EXPECT_EQ(folder->total_bytes(), 16U);
  EXPECT_EQ(text_of(*folder, "a"), "aaaa");
  EXPECT_EQ(text_of(*folder, "d"), "dddd");
  EXPECT_THAT(text_of(*folder, "e"), HasSubstr("has no tensor 'e'"));
}

TEST_F(SafetensorsFiles, ATensorLargerThanAShardHasOneOfItsOwn) {
  write_four(1);
  EXPECT_EQ(names().size(), 5U);
  EXPECT_EQ(text_of(*TensorFolder::open(folder_), "c"), "cccc");
}

TEST_F(SafetensorsFiles, EachFormReplacesTheOther) {
  std::ofstream(folder_ / "model-notes.safetensors") << "somebody's";
  write_four(4);
  write_four(9);
  EXPECT_EQ(names().size(), 4U);
  write_four(100);
  EXPECT_THAT(names(), ElementsAre("model-notes.safetensors", "model.safetensors"));
  EXPECT_EQ(text_of(*TensorFolder::open(folder_), "b"), "bbbb");
}

TEST_F(SafetensorsFiles, AFolderWithoutTensorsIsNotFound) {
  const Result<TensorFolder> folder = TensorFolder::open(folder_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::not_found);
  EXPECT_THAT(folder.error().message, HasSubstr("model.safetensors.index.json"));
}

TEST_F(SafetensorsFiles, AnIndexThatLiesIsRefused) {
  write_four(9);
  const fs::path index = folder_ / "model.safetensors.index.json";
  const std::pair<const char*, ErrorCode> bad[] = {
      {"{", ErrorCode::data_corrupt},
      {R"({"weight_map":{"a":"../x.safetensors"}})", ErrorCode::data_corrupt},
      {R"({"weight_map":{"a":7}})", ErrorCode::data_corrupt},
      {R"({"weight_map":{"a":"model-00003-of-00003.safetensors"}})", ErrorCode::not_found},
      {R"({"weight_map":{"e":"model-00001-of-00002.safetensors"}})", ErrorCode::data_corrupt},
      {R"({"weight_map":{"d":"model-00001-of-00002.safetensors"}})", ErrorCode::data_corrupt}};
  for (const auto& [text, code] : bad) {
    ASSERT_TRUE(write_file_atomically(index, text));
    const Result<TensorFolder> folder = TensorFolder::open(folder_);
    ASSERT_FALSE(folder) << text;
    EXPECT_EQ(folder.error().code, code) << text;
  }
}

TEST_F(SafetensorsFiles, ATensorInTwoShardsIsRefused) {
  write_four(9);
  fs::copy_file(folder_ / "model-00001-of-00002.safetensors", folder_ / "other.safetensors");
  ASSERT_TRUE(write_file_atomically(folder_ / "model.safetensors.index.json",
                                    R"({"weight_map":{"a":"model-00001-of-00002.safetensors",)"
                                    R"("b":"other.safetensors"}})"));
  const Result<TensorFolder> folder = TensorFolder::open(folder_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(folder.error().message, HasSubstr("lies in another shard too"));
}

TEST_F(SafetensorsFiles, ViewsOutliveAMoveAndPagesComeBack) {
  write_four(100);
  Result<SafetensorsFile> file = SafetensorsFile::open(folder_ / "model.safetensors");
  ASSERT_TRUE(file);
  const TensorView view = *file->tensor("a");
  const SafetensorsFile moved = *std::move(file);
  moved.forget(view);
  EXPECT_EQ(std::memcmp(view.bytes.data(), "aaaa", 4), 0);
}

TEST_F(SafetensorsFiles, EmptyAndCutFilesAreRefusedByName) {
  const fs::path file = folder_ / "model.safetensors";
  std::ofstream(file).close();
  EXPECT_EQ(SafetensorsFile::open(file).error().code, ErrorCode::data_corrupt);
  write_four(100);
  const std::string whole = *read_file(file);
  std::ofstream(file, std::ios::trunc) << whole.substr(0, whole.size() - 1);
  const Result<SafetensorsFile> cut = SafetensorsFile::open(file);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(cut.error().message, HasSubstr(file.string()));
  EXPECT_EQ(SafetensorsFile::open(folder_).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace liquid::formats
