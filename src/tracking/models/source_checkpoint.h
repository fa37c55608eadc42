#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

// What Hugging Face libraries keep in folders, looked at before anything is copied: the files there
// are, and whether they are what they claim.

namespace liquid::tracking {

using TensorShapes = std::map<std::string, std::vector<std::uint64_t>, std::less<>>;

/// A causal language model in safetensors files.
struct Checkpoint {
  std::filesystem::path folder;
  std::vector<std::string> files;    ///< To be taken along, relative to the folder.
  std::string model_class;           ///< config.json's architectures[0].
  std::string torch_dtype;           ///< "torch.bfloat16"
  std::string name;                  ///< config.json's _name_or_path; often empty.
  std::string transformers_version;  ///< That wrote config.json; may be empty.
  TensorShapes tensors;
};

struct Tokenizer {
  std::filesystem::path folder;
  std::vector<std::string> files;
  std::string tokenizer_class;
};

struct Adapter {
  std::filesystem::path folder;
  std::vector<std::string> files;
  std::string base_model;
  std::string peft_version;
};

/// Errors name the file: not_found, data_corrupt, unsupported (weights that are pickles only).
Result<Checkpoint> inspect_checkpoint(const std::filesystem::path& folder);
Result<Tokenizer> inspect_tokenizer(const std::filesystem::path& folder);
/// A PEFT LoRA adapter of a causal language model; when `base` is not empty, one that fits it.
/// Errors besides: unsupported (another kind of adapter, other tasks).
Result<Adapter> inspect_adapter(const std::filesystem::path& folder, const TensorShapes& base);

}  // namespace liquid::tracking
