#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lfm2/batch.h"
#include "lfm2/config.h"

/// Models and batches of any shape with random contents, for tests.
namespace liquid::lfm2::random_model {

/// Equal seeds, equal numbers. `dtype` is a name of safetensors.
void write(const Lfm2Config& config, const std::filesystem::path& folder, std::uint64_t seed,
           const std::string& dtype = "F32");

/// Documents of these lengths; about two thirds of the tokens are labels.
Batch batch(const Lfm2Config& config, std::vector<std::int32_t> lengths, std::uint64_t seed);

/// Values of N(0, σ²).
std::vector<float> normal(std::size_t count, double deviation, std::uint64_t seed);

}  // namespace liquid::lfm2::random_model
