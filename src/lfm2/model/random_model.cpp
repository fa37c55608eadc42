#include "lfm2/model/random_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <random>
#include <span>
#include <utility>

#include "formats/numbers.h"
#include "formats/safetensors_writer.h"
#include "lfm2/layout.h"

namespace liquid::lfm2::random_model {
namespace {

std::vector<float> values_of(const ExpectedTensor& tensor, std::uint64_t seed) {
  const auto count = static_cast<std::size_t>(tensor.elements());
  switch (tensor.role) {
    case TensorRole::norm: {
      std::vector<float> values = normal(count, 0.15, seed);
      for (float& value : values) value += 1;
      return values;
    }
    case TensorRole::linear: {
      const auto in = static_cast<double>(tensor.shape.back());
      return normal(count, 1 / std::sqrt(in), seed);
    }
    case TensorRole::conv: return normal(count, 0.5, seed);
    case TensorRole::bias: return normal(count, 0.1, seed);
    case TensorRole::embedding:
    case TensorRole::head: return normal(count, 0.3, seed);
  }
  return {};
}

}  // namespace

std::vector<float> normal(std::size_t count, double deviation, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> distribution(0, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(distribution(random));
  return values;
}

void write(const Lfm2Config& config, const std::filesystem::path& folder, std::uint64_t seed,
           const std::string& dtype) {
  std::ofstream(folder / "config.json") << to_json(config);
  std::vector<formats::TensorPlan> plans;
  std::vector<ExpectedTensor> tensors;
  for (ExpectedTensor& tensor : expected_tensors(config)) {
    if (tensor.presence == ExpectedTensor::Presence::may_be_absent) continue;
    plans.push_back({tensor.name, dtype, tensor.shape});
    tensors.push_back(std::move(tensor));
  }
  auto writer = formats::SafetensorsWriter::create(folder / "model.safetensors", plans);
  ASSERT_TRUE(writer) << writer.error().message;
  for (const ExpectedTensor& tensor : tensors) {
    const std::vector<float> values =
        values_of(tensor, seed + std::hash<std::string>{}(tensor.name));
    std::vector<std::byte> bytes(values.size() * *formats::dtype_bits(dtype) / 8);
    ASSERT_TRUE(formats::narrow_from_f32(values, dtype, bytes));
    ASSERT_TRUE(writer->write(tensor.name, bytes));
  }
  const auto finished = writer->finish();
  ASSERT_TRUE(finished) << finished.error().message;
}

Batch batch(const Lfm2Config& config, std::vector<std::int32_t> lengths, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Batch batch;
  batch.seq_lens = std::move(lengths);
  for (const std::int32_t length : batch.seq_lens) {
    for (std::int32_t t = 0; t < length; ++t) {
      const auto id =
          static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(config.vocab_size));
      batch.input_ids.push_back(id);
      batch.labels.push_back(random() % 3 == 0 ? kIgnoredLabel : id);
    }
  }
  return batch;
}

}  // namespace liquid::lfm2::random_model
