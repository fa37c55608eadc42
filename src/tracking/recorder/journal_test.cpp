#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "base/file.h"
#include "tracking/recorder/journal_documents.h"
#include "tracking/recorder/journal_folder.h"
#include "tracking/recorder/journal_format.h"
#include "tracking/recorder/segment_files.h"
#include "tracking/recorder/test_folder.h"

namespace liquid::tracking::recorder {
namespace {

constexpr Position kEverything{UINT64_MAX, UINT64_MAX};

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    RunPlan plan;
    plan.journal_id = "j1";
    plan.salt = 77;
    folder_ = std::move(*JournalFolder::create(root_.path(), plan));
  }
  static std::string points(EntryWriter& writer, int first, int count) {
    for (int i = first; i < first + count; ++i) {
      writer.add({.key = 0, .value = i * 0.5, .time_ms = 1000 + i, .step = i}, "loss");
    }
    return writer.take();
  }
  std::vector<std::int64_t> steps_read(Position from = {}) {
    SegmentReader reader(folder_->path(), 77, from);
    std::vector<std::int64_t> steps;
    for (;;) {
      const auto read = reader.next(kEverything, [&steps](Operation&& entry) {
        steps.push_back(std::get<Metric>(entry).step);
      });
      EXPECT_TRUE(read) << read.error().message;
      if (!read || *read == SegmentReader::Read::nothing) break;
    }
    damage_ = reader.take_damage();
    return steps;
  }
  // Three frames of three points each in one segment; returns where each begins, and the end.
  std::vector<std::uint64_t> three_frames() {
    SegmentWriter writer(*folder_, 1 << 20);
    EXPECT_TRUE(writer.prepare());
    EntryWriter entries;
    std::vector<std::uint64_t> borders = {writer.end().offset};
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(writer.append(points(entries, i * 3, 3)));
      borders.push_back(writer.end().offset);
    }
    return borders;
  }
  void flip(std::uint64_t segment, std::uint64_t offset) {
    std::fstream file(folder_->segment_path(segment),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const auto byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
  }

  testing::TestFolder root_;
  std::unique_ptr<JournalFolder> folder_;
  std::vector<Damage> damage_;
};

constexpr const char* kFirst = "0000000001.seg";
constexpr const char* kSecond = "0000000002.seg";

TEST(JournalFormat, EveryKindOfEntryComesBack) {
  EntryWriter writer;
  const double infinity = std::numeric_limits<double>::infinity();
  writer.add({.key = 3, .value = -infinity, .time_ms = INT64_MIN, .step = INT64_MAX}, "a");
  writer.add({.key = 3, .value = 0.1, .time_ms = INT64_MAX, .step = INT64_MIN}, "a");
  writer.add(Operation(Param{"p", "v"}));
  writer.add(Operation(Tag{"t", std::string("\0x", 2)}));
  writer.add(Operation(Metric{"m", NAN, 5, 6, ModelId("m-1"), "d", "e", {}}));
  writer.add(Operation(DatasetInput{{"n", "g", "s", "o", "c", "p"}, {{"k", "v"}}}));
  writer.add(Operation(ModelInput{ModelId("m-2")}));
  writer.add(Operation(ModelOutput{ModelId("m-3"), -4}));
  writer.add(Operation(ArtifactNote{"/x", "y", ArtifactNote::Shape::contents}));
  writer.add(Operation(TextNote{"p", "text"}));
  writer.add(Operation(LossNote{1, 2}));
  writer.add(Operation(RunEnd{RunStatus::failed, 99}));
  EXPECT_EQ(writer.entries(), 12U);
  std::vector<Operation> read;
  EntryReader reader;
  ASSERT_TRUE(reader.read(writer.take(), [&](Operation&& entry) { read.push_back(entry); }));
  ASSERT_EQ(read.size(), 12U);
  const auto& first = std::get<Metric>(read[0]);
  EXPECT_EQ(first.key, "a");
  EXPECT_EQ(first.value, -infinity);
  EXPECT_EQ(first.timestamp_ms, INT64_MIN);
  EXPECT_EQ(first.step, INT64_MAX);
  EXPECT_EQ(std::get<Metric>(read[1]).timestamp_ms, INT64_MAX);
  EXPECT_EQ(std::get<Param>(read[2]), (Param{"p", "v"}));
  EXPECT_EQ(std::get<Tag>(read[3]).value.size(), 2U);
  EXPECT_TRUE(std::isnan(std::get<Metric>(read[4]).value));
  EXPECT_EQ(std::get<Metric>(read[4]).dataset_digest, "e");
  EXPECT_EQ(std::get<DatasetInput>(read[5]).dataset.profile, "p");
  EXPECT_EQ(std::get<DatasetInput>(read[5]).tags.front().value, "v");
  EXPECT_EQ(std::get<ModelInput>(read[6]).model_id.str(), "m-2");
  EXPECT_EQ(std::get<ModelOutput>(read[7]).step, -4);
  EXPECT_EQ(std::get<ArtifactNote>(read[8]).shape, ArtifactNote::Shape::contents);
  EXPECT_EQ(std::get<TextNote>(read[9]).content, "text");
  EXPECT_EQ(std::get<LossNote>(read[10]).dropped, 2U);
  EXPECT_EQ(std::get<RunEnd>(read[11]).status, RunStatus::failed);
}

TEST(JournalFormat, AFrameOfAnotherPlaceOrJournalIsNone) {
  const std::string bytes = frame("payload", {1, 7}, 24);
  EXPECT_EQ(read_frame(bytes, {1, 7}, 24), "payload");
  EXPECT_FALSE(read_frame(bytes, {1, 7}, 25));
  EXPECT_FALSE(read_frame(bytes, {2, 7}, 24));
  EXPECT_FALSE(read_frame(bytes, {1, 8}, 24));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(read_frame(damaged, {1, 7}, 24)) << i;
    EXPECT_FALSE(read_frame(std::string_view(bytes).substr(0, i), {1, 7}, 24)) << i;
  }
}

TEST(JournalFormat, AnotherVersionIsNotRead) {
  std::string header = segment_header({1, 2});
  EXPECT_EQ(header.size(), kSegmentHeaderBytes);
  EXPECT_EQ(parse_segment_header(header).value(), (SegmentIdentity{1, 2}));
  header[7] = 2;
  EXPECT_EQ(parse_segment_header(header).error().code, ErrorCode::unsupported);
}

TEST_F(JournalTest, IgnoresATornTail) {
  SegmentWriter writer(*folder_, 1 << 20);
  ASSERT_TRUE(writer.prepare());
  EntryWriter entries;
  ASSERT_TRUE(writer.append(points(entries, 0, 3)));
  const auto whole = std::filesystem::file_size(folder_->segment_path(1));
  ASSERT_TRUE(writer.append(points(entries, 3, 3)));
  const auto both = std::filesystem::file_size(folder_->segment_path(1));
  for (auto size = both - 1; size >= whole; --size) {
    std::filesystem::resize_file(folder_->segment_path(1), size);
    ASSERT_THAT(steps_read(), ::testing::ElementsAre(0, 1, 2)) << size;
    ASSERT_THAT(damage_, ::testing::IsEmpty()) << size;
  }
  std::filesystem::resize_file(folder_->segment_path(1), both + 100);  // with zeros
  ASSERT_THAT(steps_read(), ::testing::ElementsAre(0, 1, 2));
  ASSERT_THAT(damage_, ::testing::IsEmpty());
}

TEST_F(JournalTest, GoesOnBehindADamagedFrameAndTellsWhereItIs) {
  const std::vector<std::uint64_t> borders = three_frames();
  for (std::uint64_t offset = borders[1]; offset < borders[2]; ++offset) {
    flip(1, offset);
    ASSERT_THAT(steps_read(), ::testing::ElementsAre(0, 1, 2, 6, 7, 8)) << offset;
    const Damage middle{kFirst, borders[1], borders[2] - borders[1]};
    ASSERT_THAT(damage_, ::testing::ElementsAre(middle)) << offset;
    ASSERT_THAT(steps_read({1, borders[2]}), ::testing::ElementsAre(6, 7, 8)) << offset;
    ASSERT_THAT(damage_, ::testing::IsEmpty()) << offset;
    flip(1, offset);
  }
}

TEST_F(JournalTest, TellsOfADamagedFrameAtTheEnd) {
  const std::vector<std::uint64_t> borders = three_frames();
  flip(1, borders[3] - 1);
  EXPECT_THAT(steps_read(), ::testing::ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(damage_, ::testing::ElementsAre(Damage{kFirst, borders[2], borders[3] - borders[2]}));
}

TEST_F(JournalTest, TellsOfPointsWhoseKeyStoodInADamagedFrame) {
  const std::vector<std::uint64_t> borders = three_frames();
  flip(1, borders[1] - 1);
  EXPECT_THAT(steps_read(), ::testing::IsEmpty());
  EXPECT_THAT(damage_, ::testing::ElementsAre(Damage{kFirst, borders[0], borders[1] - borders[0]},
                                              Damage{kFirst, borders[1], borders[2] - borders[1]},
                                              Damage{kFirst, borders[2], borders[3] - borders[2]}));
}

TEST_F(JournalTest, ReadsASegmentWithADamagedHeader) {
  three_frames();
  for (std::uint64_t offset = 0; offset < kSegmentHeaderBytes; ++offset) {
    if (offset == 7) continue;  // another version may mean other frames
    flip(1, offset);
    ASSERT_THAT(steps_read(), ::testing::SizeIs(9)) << offset;
    ASSERT_THAT(damage_, ::testing::ElementsAre(Damage{kFirst, 0, kSegmentHeaderBytes}));
    flip(1, offset);
  }
}

TEST_F(JournalTest, TellsOfAMissingSegment) {
  SegmentWriter writer(*folder_, 64);
  EntryWriter entries;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(writer.prepare());
    entries.new_segment();
    ASSERT_TRUE(writer.append(points(entries, i * 10, 4)));
  }
  std::filesystem::remove(folder_->segment_path(2));
  EXPECT_THAT(steps_read(), ::testing::ElementsAre(0, 1, 2, 3, 20, 21, 22, 23));
  EXPECT_THAT(damage_, ::testing::ElementsAre(Damage{kSecond, 0, 0}));
}

TEST_F(JournalTest, GoesOnBehindASegmentThatEndsEarly) {
  SegmentWriter writer(*folder_, 64);
  EntryWriter entries;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(writer.prepare().value(), SegmentWriter::Segment::fresh);
    entries.new_segment();
    ASSERT_TRUE(writer.append(points(entries, i * 10, 4)));
  }
  const auto size = std::filesystem::file_size(folder_->segment_path(2));
  std::filesystem::resize_file(folder_->segment_path(2), size - 1);
  EXPECT_THAT(steps_read(), ::testing::ElementsAre(0, 1, 2, 3, 20, 21, 22, 23));
}

TEST_F(JournalTest, KnowsTheKeysWhenItGoesOnInTheMiddle) {
  SegmentWriter writer(*folder_, 1 << 20);
  ASSERT_TRUE(writer.prepare());
  EntryWriter entries;
  ASSERT_TRUE(writer.append(points(entries, 0, 3)));
  const Position middle = writer.end();
  ASSERT_TRUE(writer.append(points(entries, 3, 3)));
  EXPECT_THAT(steps_read(middle), ::testing::ElementsAre(3, 4, 5));
}

TEST_F(JournalTest, HasOneOwner) {
  const auto second = JournalFolder::take_over(folder_->path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  const std::filesystem::path path = folder_->path();
  folder_.reset();
  auto next = JournalFolder::take_over(path);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ((*next)->plan().salt, 77U);
  ASSERT_TRUE((*next)->remove());
  EXPECT_EQ(JournalFolder::take_over(path).error().code, ErrorCode::not_found);
  EXPECT_TRUE(journals_in(root_.path()).empty());
}

TEST_F(JournalTest, ItsStateComesBackAsItWasSaved) {
  EXPECT_EQ(folder_->load_state()->position, Position{});
  DeliveryState state;
  state.run_id = "r";
  state.create_attempted = true;
  state.position = {3, 400};
  state.points = 12;
  state.end = RunEnd{RunStatus::finished, 77};
  state.uploads = {{"/a", "b", ArtifactNote::Shape::owned}};
  state.last_steps = {{"loss", -5}};
  ASSERT_TRUE(folder_->save_state(state));
  const Result<DeliveryState> loaded = folder_->load_state();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(encode(*loaded), encode(state));
  EXPECT_EQ(loaded->last_steps.at("loss"), -5);
  std::ofstream(folder_->path() / "state", std::ios::app | std::ios::binary).seekp(9) << "x";
  std::filesystem::resize_file(folder_->path() / "state", 30);
  EXPECT_EQ(folder_->load_state().error().code, ErrorCode::data_corrupt);
}

}  // namespace
}  // namespace liquid::tracking::recorder
