#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "lfm2/model/linear.h"
#include "lfm2/model/network.h"

namespace liquid::lfm2 {

/// What one generation remembers of each layer.
struct LayerMemory {
  at::Tensor keys;    ///< attention: (capacity, kv heads · D), rows [0, length) in use
  at::Tensor values;  ///< likewise
  at::Tensor inputs;  ///< conv: (K − 1, H) float32, the last gated inputs
};

struct Memory {
  std::int64_t length = 0;
  std::vector<LayerMemory> layers;
};

Memory new_memory(Ops& ops, const Network& network);

/// Feeds `tokens` (at least one) after those that `memory` has seen; logits of the last, (1, V).
at::Tensor decode_pass(Ops& ops, const Network& network, std::span<const std::int32_t> tokens,
                       Memory& memory);

}  // namespace liquid::lfm2
