#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "lfm2/adapter.h"
#include "lfm2/config.h"
#include "lfm2/model/model.h"
#include "lfm2/model/network.h"

namespace liquid::lfm2 {

struct AttachOptions {
  at::Device device = at::kCPU;
  Trainable trainable = Trainable::nothing;
  std::uint64_t seed = 42;  ///< of new weights
};

struct AttachedAdapter {
  LoraSettings settings;
  std::vector<Parameter> parameters;  ///< A, B of each module in forward order; empty: not trained
};

/// Gives the modules that `settings` means a new adapter: A uniform in ±1/√in, B zero.
/// Errors: those of resolve_targets, invalid_argument (a rank of 0, a dropout outside [0, 1)).
Result<AttachedAdapter> attach_new(Network& network, const Lfm2Config& config,
                                   const LoraSettings& settings, const AttachOptions& options);

/// Attaches a PEFT adapter folder. Errors: those of its files, data_corrupt (a module the model
/// does not have, a shape that does not fit; by name).
Result<AttachedAdapter> attach_saved(Network& network, const std::filesystem::path& folder,
                                     const AttachOptions& options);

}  // namespace liquid::lfm2
