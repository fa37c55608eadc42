#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/gguf.h"

namespace liquid::lfm2 {

struct GgufExportOptions {
  formats::GgufTensorType type = formats::GgufTensorType::f16;  ///< of the matrices
  std::string name = {};             ///< general.name; empty = the folder's name
  formats::GgufMetadata extra = {};  ///< further keys, e.g. the run that made the model
};

/// A model folder (safetensors, config.json, tokenizer.json, tokenizer_config.json) as one GGUF
/// that llama.cpp loads. Vectors, norms and convolution kernels stay F32; a matrix whose rows are
/// no multiple of 32 is F16 where Q8_0 was asked for. Streams: memory holds a few rows at a time.
/// Errors, naming file or tensor: those of config, tensors, tokenizer and of the writer.
Result<void> export_model_gguf(const std::filesystem::path& model_folder,
                               const std::filesystem::path& file, GgufExportOptions options);

/// A PEFT adapter folder as a GGUF LoRA for `base_folder` (its config.json is read). A GGUF has one
/// alpha for all modules, and llama.cpp divides it by the rank: rsLoRA and patterns of rank or
/// alpha are expressed exactly, by that alpha or by factors in the B matrices. Only f32, f16, bf16.
Result<void> export_adapter_gguf(const std::filesystem::path& adapter_folder,
                                 const std::filesystem::path& base_folder,
                                 const std::filesystem::path& file, GgufExportOptions options);

}  // namespace liquid::lfm2
