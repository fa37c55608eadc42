#include "formats/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/file.h"
#include "formats/gguf_types.h"
#include "formats/numbers.h"

namespace liquid::formats {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kFixture =
    fs::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny-gguf/lfm2-tiny-f32.gguf";

fs::path scratch(const std::string& name) {
  return fs::path(testing::TempDir()) / ("gguf_" + name);
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// The front of a file, value by value.
class Image {
 public:
  template <typename T>
  Image& number(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  Image& text(std::string_view text) {
    number<std::uint64_t>(text.size());
    text_ += text;
    return *this;
  }
  Image& start(std::uint64_t tensors, std::uint64_t pairs) {
    text_ = "GGUF";
    return number<std::uint32_t>(3).number(tensors).number(pairs);
  }
  Result<GgufHeader> parsed() const { return parse_gguf(bytes_of(text_)); }
  std::string& bytes() { return text_; }

 private:
  std::string text_;
};

TEST(Gguf, ReadsTheFixture) {
  const Result<GgufFile> file = GgufFile::open(kFixture);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors().size(), 48U);
  ASSERT_NE(file->find("general.architecture"), nullptr);
  EXPECT_EQ(std::get<std::string>(*file->find("general.architecture")), "lfm2");
  const auto& heads = std::get<GgufArray>(*file->find("lfm2.attention.head_count_kv"));
  EXPECT_THAT(std::get<std::vector<std::int32_t>>(heads.items), ElementsAre(0, 0, 2, 0, 2));
  const GgufTensor* conv = file->find_tensor("blk.0.shortconv.conv.weight");
  ASSERT_NE(conv, nullptr);
  EXPECT_THAT(conv->shape, ElementsAre(64, 3));
  EXPECT_EQ(file->values(*conv)->size(), 192U);
}

TEST(Gguf, EveryTypeOfTensorIsConverted) {
  const fs::path path = scratch("types");
  std::vector<float> values(64);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 8.0F - 4.0F;
  const GgufTensorType types[] = {GgufTensorType::f32, GgufTensorType::f16, GgufTensorType::bf16,
                                  GgufTensorType::q8_0};
  std::vector<GgufTensorPlan> plans;
  for (const GgufTensorType type : types) plans.push_back({gguf_type_name(type), type, {2, 32}});
  Result<GgufWriter> writer = GgufWriter::create(path, {{"k", std::uint32_t{7}}}, plans);
  ASSERT_TRUE(writer) << writer.error().message;
  for (const GgufTensorPlan& plan : plans) {
    ASSERT_TRUE(writer->write_values(plan.name, std::span(values).first(32)));
    ASSERT_TRUE(writer->write_values(plan.name, std::span(values).subspan(32)));
  }
  ASSERT_TRUE(writer->finish());
  const Result<GgufFile> file = GgufFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  for (const GgufTensor& tensor : file->tensors()) {
    const Result<std::vector<float>> back = file->values(tensor);
    ASSERT_TRUE(back) << back.error().message;
    const float tolerance = tensor.type == GgufTensorType::q8_0 ? 0.04F : 0.0F;
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR((*back)[i], values[i], tolerance) << tensor.name;
    }
  }
}

TEST(Gguf, NestedArraysSurvive) {
  const GgufArray inner{std::vector<std::string>{"a", "b"}};
  const GgufMetadata metadata{{"nested", GgufArray{std::vector<GgufArray>{inner, inner}}},
                              {"none", GgufArray{std::vector<double>{}}}};
  Result<GgufWriter> writer = GgufWriter::create(scratch("nested"), metadata, {});
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->finish());
  const Result<GgufFile> file = GgufFile::open(scratch("nested"));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata(), metadata);
}

TEST(Gguf, PlansThatCannotBeWrittenAreRefused) {
  const fs::path path = scratch("bad");
  const std::vector<std::vector<GgufTensorPlan>> bad{
      {{"a", GgufTensorType::q8_0, {2, 31}}},
      {{"a", GgufTensorType::f32, {1, 1, 1, 1, 1}}},
      {{"a", GgufTensorType::f32, {1}}, {"a", GgufTensorType::f32, {1}}},
      {{"a", GgufTensorType::f32, {1ULL << 40, 1ULL << 40}}}};
  for (const auto& plans : bad) {
    const auto writer = GgufWriter::create(path, {}, plans);
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(writer.error().message, HasSubstr(path.string()));
  }
  for (const GgufMetadata& metadata : {GgufMetadata{{"a", true}, {"a", true}},
                                       GgufMetadata{{"general.alignment", std::uint32_t{24}}},
                                       GgufMetadata{{"general.alignment", std::int32_t{32}}}}) {
    EXPECT_EQ(GgufWriter::create(path, metadata, {}).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(Gguf, AnUnfinishedFileLeavesNothing) {
  const fs::path path = scratch("unfinished");
  fs::remove(path);
  {
    Result<GgufWriter> writer = GgufWriter::create(
        path, {}, {{"a", GgufTensorType::f32, {2}}, {"q", GgufTensorType::q8_0, {32}}});
    ASSERT_TRUE(writer);
    const std::vector<float> values(33);
    ASSERT_TRUE(writer->write_values("a", std::span(values).first(1)));
    EXPECT_EQ(writer->write_values("b", values).error().code, ErrorCode::not_found);
    EXPECT_EQ(writer->write_values("q", values).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(writer->write_values("a", values).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(writer->finish().error().code, ErrorCode::invalid_state);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(Gguf, CutFilesAreRefusedAtEveryLength) {
  const std::string whole = *read_file(kFixture);
  const std::size_t header = GgufFile::open(kFixture)->tensors().size() * 64;
  for (std::size_t size = 0; size < whole.size(); size += size < header ? 97 : 20011) {
    const Result<GgufHeader> cut = parse_gguf(bytes_of(std::string_view(whole).substr(0, size)));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::data_corrupt);
  }
}

TEST(Gguf, HeadersThatLieAreRefused) {
  Image huge_array;
  huge_array.start(0, 1).text("k").number<std::uint32_t>(9).number<std::uint32_t>(8);
  huge_array.number<std::uint64_t>(1ULL << 60);
  Image bad_bool;
  bad_bool.start(0, 1).text("k").number<std::uint32_t>(7).number<std::uint8_t>(2);
  Image bad_type;
  bad_type.start(0, 1).text("k").number<std::uint32_t>(13).number<std::uint64_t>(0);
  Image twice;
  twice.start(0, 2);
  for (int i = 0; i < 2; ++i) twice.text("k").number<std::uint32_t>(0).number<std::uint8_t>(1);
  Image alignment;
  alignment.start(0, 1)
      .text("general.alignment")
      .number<std::uint32_t>(4)
      .number<std::uint32_t>(12);
  Image beyond;
  beyond.start(1, 0).text("t").number<std::uint32_t>(1).number<std::uint64_t>(8);
  beyond.number<std::uint32_t>(0).number<std::uint64_t>(32);
  Image many;
  many.start(1ULL << 62, 0);
  for (const Image* image :
       {&huge_array, &bad_bool, &bad_type, &twice, &alignment, &beyond, &many}) {
    const Result<GgufHeader> header = image->parsed();
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, ErrorCode::data_corrupt) << header.error().message;
  }
}

TEST(Gguf, OtherVersionsAndByteOrdersAreUnsupported) {
  Image image;
  image.start(0, 0);
  EXPECT_TRUE(image.parsed());
  for (const std::uint32_t version : {1U, 4U, 0x03000000U}) {
    std::memcpy(image.bytes().data() + 4, &version, sizeof(version));
    EXPECT_EQ(image.parsed().error().code, ErrorCode::unsupported);
  }
  std::memcpy(image.bytes().data(), "GGML", 4);
  EXPECT_EQ(image.parsed().error().code, ErrorCode::data_corrupt);
}

TEST(Gguf, TensorsOfOtherTypesAreListedButNotConverted) {
  Image image;
  image.start(1, 0).text("t").number<std::uint32_t>(1).number<std::uint64_t>(256);
  image.number<std::uint32_t>(12).number<std::uint64_t>(0);
  image.bytes().resize(64 + 144);
  const fs::path path = scratch("q4_k");
  std::ofstream(path, std::ios::binary) << image.bytes();
  const Result<GgufFile> file = GgufFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  const Result<std::vector<float>> values = file->values(file->tensors().at(0));
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, ErrorCode::unsupported);
  EXPECT_THAT(values.error().message, HasSubstr("Q4_K"));
}

}  // namespace
}  // namespace liquid::formats
