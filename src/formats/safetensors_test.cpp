#include "formats/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/file.h"

namespace liquid::formats {
namespace {

using testing::HasSubstr;

std::filesystem::path tiny(const std::string& name) {
  return std::filesystem::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny" / name;
}

TEST(Safetensors, ListsTheTensorsOfAModel) {
  const Result<SafetensorsHeader> header = read_safetensors_header(tiny("model.safetensors"));
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->tensors.size(), 48U);
  const auto embedding = std::find_if(
      header->tensors.begin(), header->tensors.end(),
      [](const TensorEntry& tensor) { return tensor.name == "model.embed_tokens.weight"; });
  ASSERT_NE(embedding, header->tensors.end());
  EXPECT_EQ(embedding->dtype, "F32");
  EXPECT_THAT(embedding->shape, testing::ElementsAre(512, 64));
}

TEST(Safetensors, ACutFileIsRefusedByName) {
  const auto cut = std::filesystem::path(testing::TempDir()) / "cut.safetensors";
  const Result<std::string> whole = read_file(tiny("model.safetensors"));
  ASSERT_TRUE(whole);
  for (const std::size_t size : {0UL, 7UL, 100UL, whole->size() - 1}) {
    std::ofstream(cut, std::ios::binary | std::ios::trunc) << whole->substr(0, size);
    const Result<SafetensorsHeader> header = read_safetensors_header(cut);
    ASSERT_FALSE(header) << size;
    EXPECT_EQ(header.error().code, ErrorCode::data_corrupt);
    EXPECT_THAT(header.error().message, HasSubstr(cut.string()));
  }
}

TEST(Safetensors, AMissingFileIsNotFound) {
  const Result<SafetensorsHeader> header = read_safetensors_header("/nowhere/x.safetensors");
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code, ErrorCode::not_found);
}

TEST(Safetensors, HeadersThatLieAreRefused) {
  const char* bad[] = {
      "[]",
      R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})",
      R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
      R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
      R"({"__metadata__":{"a":1}})"};
  for (const char* text : bad) {
    const Result<SafetensorsHeader> header = parse_safetensors_header(text, 4);
    ASSERT_FALSE(header) << text;
    EXPECT_EQ(header.error().code, ErrorCode::data_corrupt) << text;
  }
}

TEST(Safetensors, ScalarsEmptyTensorsAndMetadataAreFine) {
  const Result<SafetensorsHeader> header = parse_safetensors_header(
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
      R"("a":{"dtype":"BF16","shape":[0,3],"data_offsets":[0,0]}}   )",
      4);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->tensors.size(), 2U);
  EXPECT_EQ(header->metadata.at(0).second, "pt");
}

}  // namespace
}  // namespace liquid::formats
