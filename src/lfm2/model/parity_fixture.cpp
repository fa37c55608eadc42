#include "lfm2/model/parity_fixture.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "formats/safetensors_reader.h"
#include "lfm2/model/checkpoint.h"

namespace liquid::lfm2::parity {
namespace {

const formats::SafetensorsFile& expected_file() {
  static const auto file = formats::SafetensorsFile::open(folder() / "expected.safetensors");
  return file.value();
}

}  // namespace

std::filesystem::path folder() {
  return std::filesystem::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny";
}

at::Tensor expected(const std::string& name) {
  return host_tensor(expected_file().tensor(name).value()).value();
}

std::vector<std::int32_t> expected_ids(const std::string& name) {
  const auto view = expected_file().tensor(name).value();
  std::vector<std::int64_t> wide(view.bytes.size() / sizeof(std::int64_t));
  std::memcpy(wide.data(), view.bytes.data(), view.bytes.size());
  std::vector<std::int32_t> ids;
  for (const std::int64_t id : wide) ids.push_back(static_cast<std::int32_t>(id));
  return ids;
}

const boost::json::object& expected_numbers() {
  static const boost::json::value numbers = [] {
    std::ifstream in(folder() / "expected.json");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return boost::json::parse(text);
  }();
  return numbers.as_object();
}

std::vector<std::int32_t> ids_of(const boost::json::value& list) {
  return boost::json::value_to<std::vector<std::int32_t>>(list);
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return INFINITY;
  if (a.numel() == 0) return 0;
  return a.to(at::kDouble).sub(b.to(at::kDouble)).abs().max().item<double>();
}

Batch documents(std::vector<std::int32_t> ids, std::vector<std::int32_t> lengths) {
  return {.input_ids = ids, .labels = ids, .seq_lens = std::move(lengths)};
}

Batch fixture_batch() {
  const std::vector<std::int32_t> ids = expected_ids("batch.input_ids");
  const std::vector<std::int32_t> labels = expected_ids("batch.labels");
  Batch batch{.input_ids = {}, .labels = {}, .seq_lens = {20, 13, 7}};
  for (std::size_t row = 0; row < batch.seq_lens.size(); ++row) {
    for (std::size_t t = 0; t < static_cast<std::size_t>(batch.seq_lens[row]); ++t) {
      batch.input_ids.push_back(ids[row * 20 + t]);
      batch.labels.push_back(labels[row * 20 + t]);
    }
  }
  return batch;
}

Batch packed_batch() {
  const auto& packed = expected_numbers().at("packed").as_object();
  return documents(ids_of(packed.at("input_ids")), ids_of(packed.at("lengths")));
}

ScratchFolder::ScratchFolder() {
  static int number = 0;
  path_ = std::filesystem::temp_directory_path() /
          ("lfm2_model_test_" + std::to_string(::getpid()) + "_" + std::to_string(number++));
  std::filesystem::create_directories(path_);
}
ScratchFolder::~ScratchFolder() { std::filesystem::remove_all(path_); }

std::unique_ptr<Model> open(const std::filesystem::path& folder, const ModelOptions& options) {
  auto opened = Model::open(folder, options);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? *std::move(opened) : nullptr;
}

}  // namespace liquid::lfm2::parity
