#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/peft_adapter.h"
#include "formats/safetensors_reader.h"
#include "lfm2/config.h"

namespace liquid::lfm2 {

/// A model folder on disk whose tensors are those of its configuration.
struct ModelFiles {
  Lfm2Config config;
  formats::TensorFolder tensors;
};
/// Errors, naming file or tensor: those of `read_config`, `TensorFolder::open`, `check_tensors`.
Result<ModelFiles> open_model_files(const std::filesystem::path& folder);

/// An adapter folder on disk, checked against the model it is for.
struct AdapterFiles {
  formats::PeftAdapterConfig config;
  formats::TensorFolder tensors;
  std::vector<formats::LoraPair> pairs;
};
/// Errors, naming file or tensor: those of `read_peft_config`, `pair_lora_tensors`, and
/// data_corrupt when a pair belongs to no linear module of `model` or has another shape.
Result<AdapterFiles> open_adapter_files(const std::filesystem::path& folder,
                                        const Lfm2Config& model);

/// Goes through a tensor's values as floats, a piece at a time (a multiple of 32 values, except
/// the last), and lets the kernel forget its pages. Errors: those of `take`, unsupported (dtype).
using TakeValues = std::function<Result<void>(std::span<const float>)>;
Result<void> for_each_piece(const formats::TensorFolder& folder, const std::string& tensor,
                            const TakeValues& take);

/// All values of a tensor. Errors: not_found, unsupported (dtype), naming folder and tensor.
Result<std::vector<float>> all_values(const formats::TensorFolder& folder,
                                      const std::string& tensor);

}  // namespace liquid::lfm2
