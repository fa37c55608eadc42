#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "lfm2/model/ops.h"
#include "lfm2/model/weight.h"

namespace liquid::lfm2 {

/// What all steps of one pass over a packed sequence share.
struct Pass {
  Ops* ops = nullptr;
  Sequence sequence;
  std::optional<std::uint64_t> dropout_seed{};  ///< nothing: dropout off
};

/// Linear modules that read the same input, with their adapters.
using LinearGroup = std::initializer_list<const Linear*>;

/// x·Aᵀ of each module; undefined where there is no adapter.
using LowRankInputs = std::vector<at::Tensor>;

/// y[i] (=|+=) module i of x; returns what the backward pass needs.
LowRankInputs forward(const Pass& pass, LinearGroup modules, const at::Tensor& x,
                      const std::vector<at::Tensor>& y,
                      kernels::Write write = kernels::Write::replace);

/// Gradients by the outputs of a group; `low` is dy·B of each adapter.
struct OutputGradients {
  std::vector<at::Tensor> dy;
  std::vector<at::Tensor> low;
};
OutputGradients output_gradients(const Pass& pass, LinearGroup modules, std::vector<at::Tensor> dy);

/// dx = gradient by the input of the group.
void backward_to_input(const Pass& pass, LinearGroup modules, const OutputGradients& gradients,
                       const at::Tensor& dx);

bool any_trained(LinearGroup modules);

/// Adds to the gradients of what is trained. `x` is the input of the forward pass.
struct GroupInputs {
  at::Tensor x;
  const LowRankInputs* low = nullptr;
};
void add_parameter_gradients(const Pass& pass, LinearGroup modules,
                             const OutputGradients& gradients, const GroupInputs& inputs);

}  // namespace liquid::lfm2
