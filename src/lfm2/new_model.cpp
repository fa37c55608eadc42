#include "lfm2/new_model.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/file.h"
#include "formats/numbers.h"
#include "formats/safetensors_writer.h"
#include "lfm2/layout.h"

namespace liquid::lfm2 {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = std::size_t{1} << 16U;  // numbers made and written at a time

/// SplitMix64 (Steele, Lea, Flood 2014): the n-th number is a mix of seed and n, so the sequence is
/// the same on every machine and with every standard library, which std::normal_distribution is
/// not.
class Normals {
 public:
  explicit Normals(std::uint64_t seed) : state_(seed) {}

  /// Box and Muller's transform, both of its numbers used.
  float next(double deviation) {
    if (!kept_) {
      const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
      const double angle = 2.0 * std::numbers::pi * unit();
      second_ = radius * std::sin(angle);
      kept_ = true;
      return static_cast<float>(deviation * radius * std::cos(angle));
    }
    kept_ = false;
    return static_cast<float>(deviation * second_);
  }

 private:
  double unit() {  // [0, 1)
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1.0p-53;
  }

  std::uint64_t state_;
  double second_ = 0;
  bool kept_ = false;
};

std::uint64_t seed_of(std::uint64_t seed, const std::string& name) {
  DigestBuilder digest;
  const Digest mixed = digest.field(seed).field(name).finish();
  std::uint64_t value = 0;
  std::memcpy(&value, mixed.bytes.data(), sizeof value);
  return value;
}

Result<std::string> stored_dtype(const std::string& torch_name) {
  if (torch_name == "float32") return std::string("F32");
  if (torch_name == "bfloat16") return std::string("BF16");
  if (torch_name == "float16") return std::string("F16");
  return Error{ErrorCode::invalid_argument,
               "dtype '" + torch_name + "', expected float32, bfloat16 or float16"};
}

void fill(std::span<float> values, TensorRole role, double deviation, Normals& normals) {
  switch (role) {
    case TensorRole::norm: std::fill(values.begin(), values.end(), 1.0F); return;
    case TensorRole::bias: std::fill(values.begin(), values.end(), 0.0F); return;
    case TensorRole::linear:
    case TensorRole::conv:
    case TensorRole::embedding:
    case TensorRole::head:
      for (float& value : values) value = normals.next(deviation);
  }
}

Result<void> write_tensor(formats::TensorFolderWriter& writer, const ExpectedTensor& tensor,
                          const std::string& dtype, const Lfm2Config& config, std::uint64_t seed) {
  Normals normals(seed_of(seed, tensor.name));
  std::vector<float> values;
  std::vector<std::byte> bytes;
  const std::uint64_t width = *formats::dtype_bits(dtype) / 8;
  for (std::uint64_t done = 0; done < tensor.elements(); done += values.size()) {
    values.resize(std::min<std::uint64_t>(kChunk, tensor.elements() - done));
    fill(values, tensor.role, config.initializer_range, normals);
    bytes.resize(values.size() * width);
    if (const auto stored = formats::narrow_from_f32(values, dtype, bytes); !stored) return stored;
    if (const auto written = writer.write(tensor.name, bytes); !written) return written;
  }
  return {};
}

Result<void> write_generation_config(const Lfm2Config& config, const fs::path& folder) {
  boost::json::object json;
  if (config.bos_token_id) json["bos_token_id"] = *config.bos_token_id;
  json["do_sample"] = false;
  if (config.eos_token_ids.size() == 1) {
    json["eos_token_id"] = config.eos_token_ids.front();
  } else {
    json["eos_token_id"] = boost::json::value_from(config.eos_token_ids);
  }
  if (config.pad_token_id) json["pad_token_id"] = *config.pad_token_id;
  return write_file_atomically(folder / "generation_config.json",
                               boost::json::serialize(json) + "\n");
}

}  // namespace

Result<void> write_new_model(const Lfm2Config& config, const fs::path& folder,
                             NewModelOptions options) {
  if (const auto valid = validate(config); !valid) return valid;
  const auto dtype = stored_dtype(config.dtype);
  if (!dtype) return dtype.error();
  std::vector<ExpectedTensor> tensors = expected_tensors(config);
  std::erase_if(tensors, [](const ExpectedTensor& tensor) {
    return tensor.presence == ExpectedTensor::Presence::may_be_absent;
  });
  std::vector<formats::TensorPlan> plan;
  plan.reserve(tensors.size());
  for (const ExpectedTensor& tensor : tensors) plan.push_back({tensor.name, *dtype, tensor.shape});
  formats::ShardOptions shards;
  shards.max_shard_bytes = options.max_shard_bytes;
  auto writer = formats::TensorFolderWriter::create(folder, std::move(plan), shards);
  if (!writer) return writer.error();
  for (const ExpectedTensor& tensor : tensors) {
    if (const auto written = write_tensor(*writer, tensor, *dtype, config, options.seed);
        !written) {
      return written;
    }
  }
  if (const auto finished = writer->finish(); !finished) return finished;
  if (const auto written = write_generation_config(config, folder); !written) return written;
  // The configuration last: a folder without it is no model.
  return write_file_atomically(folder / "config.json", to_json(config));
}

}  // namespace liquid::lfm2
