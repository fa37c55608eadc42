#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/safetensors_reader.h"
#include "lfm2/config.h"
#include "lfm2/model/model.h"
#include "lfm2/model/network.h"

namespace liquid::lfm2 {

/// Who multiplies: our kernels in float32 on the processor, or ATen.
enum class Engine { kernels, aten };

struct LoadOptions {
  at::Device device = at::kCPU;
  Engine engine = Engine::kernels;
  at::ScalarType activations = at::kFloat;
  FrozenStorage storage = FrozenStorage::as_stored;
  Trainable trainable = Trainable::nothing;
};

/// A network and what it needs to live: weights kept as stored lie in the mapped files.
struct LoadedNetwork {
  formats::TensorFolder files;
  Network network;
  std::vector<Parameter> parameters;  ///< with Trainable::everything; in the checkpoint's order
};

/// Errors: those of the files, data_corrupt (missing, extra or misshaped tensors, by name),
/// unsupported (a number type).
Result<LoadedNetwork> load_network(const std::filesystem::path& folder, const Lfm2Config& config,
                                   const LoadOptions& options);

/// A stored tensor in host memory, where it lies in the mapped file if it is aligned.
/// Errors: unsupported (a number type that is no float).
Result<at::Tensor> host_tensor(const formats::TensorView& view);

}  // namespace liquid::lfm2
