#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace liquid::lfm2 {

struct MergeOptions {
  std::optional<std::string> dtype;  ///< "F32", "F16", "BF16"; empty = each tensor keeps its own
  std::uint64_t max_shard_bytes = 5'000'000'000;
};

/// base + adapter → a model folder that needs no adapter: W + scale · B·A in fp32, rounded once.
/// Configuration and tokenizer files are copied. Streams tensor by tensor. The folder is made;
/// it must not be the base folder. Errors, naming file or tensor.
Result<void> merge_adapter(const std::filesystem::path& base_folder,
                           const std::filesystem::path& adapter_folder,
                           const std::filesystem::path& out_folder,
                           const MergeOptions& options = {});

/// Copies what belongs to a model besides weights and config.json: tokenizer files,
/// generation_config.json, licence. What is not there is left out.
Result<void> copy_model_files(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace liquid::lfm2
