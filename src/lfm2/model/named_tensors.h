#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "lfm2/model/network.h"

namespace liquid::lfm2 {

/// The tensor with this checkpoint name as the network computes with it (what was quantized is
/// widened again): a float32 copy in host memory. `lm_head.weight` of a tied model is the
/// embedding.
std::optional<at::Tensor> named_tensor(const Network& network, const std::string& name);

}  // namespace liquid::lfm2
