#pragma once

#include <filesystem>

#include "base/result.h"
#include "lfm2/config.h"

namespace liquid::lfm2 {

// The way back from GGUF, which is how an export is checked: what llama.cpp will read, and nothing
// else, is turned into a folder that the model room opens.

/// The shape that a model's keys describe. Errors: unsupported (another architecture), data_corrupt
/// (a key is missing or of another kind; it is named).
Result<Lfm2Config> read_gguf_config(const std::filesystem::path& file);

/// Writes config.json and the weights, widened to F32, into a folder that exists. Tokenizer files
/// are not written. Errors as above; data_corrupt for missing or misshaped tensors.
Result<void> import_model_gguf(const std::filesystem::path& file,
                               const std::filesystem::path& folder);

/// Writes a GGUF LoRA as a PEFT adapter for a model of this shape into a folder that exists.
/// Errors: unsupported (no LoRA adapter), data_corrupt (a tensor that belongs to no module, half a
/// pair).
Result<void> import_adapter_gguf(const std::filesystem::path& file, const Lfm2Config& model,
                                 const std::filesystem::path& folder);

}  // namespace liquid::lfm2
