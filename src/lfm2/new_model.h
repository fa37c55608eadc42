#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "lfm2/config.h"

namespace liquid::lfm2 {

struct NewModelOptions {
  std::uint64_t seed = 42;
  std::uint64_t max_shard_bytes = 5'000'000'000;
};

/// Writes a randomly initialised model into a folder that exists: config.json,
/// generation_config.json and weights in `config.dtype` ("float32", "bfloat16", "float16").
/// Matrices, embedding and convolution kernels are drawn from N(0, initializer_range²) as
/// transformers does, norms are 1, biases 0. Each tensor's numbers depend on the seed and its name
/// only. Streams. The tokenizer's files are the caller's. Errors: invalid_argument (a configuration
/// that makes no model, an unknown dtype), those of the writer.
Result<void> write_new_model(const Lfm2Config& config, const std::filesystem::path& folder,
                             NewModelOptions options = {});

}  // namespace liquid::lfm2
