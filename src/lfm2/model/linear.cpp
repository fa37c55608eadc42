#include "lfm2/model/linear.h"

#include <algorithm>
#include <utility>

namespace liquid::lfm2 {
namespace {

std::optional<DropoutMask> mask_of(const Pass& pass, const Adapter& adapter) {
  if (!pass.dropout_seed || adapter.dropout <= 0) return std::nullopt;
  return dropout_mask(*pass.dropout_seed, adapter.number, adapter.dropout);
}

at::Tensor adapter_input(const Pass& pass, const Adapter& adapter, const at::Tensor& x) {
  const auto mask = mask_of(pass, adapter);
  return mask ? pass.ops->dropped(x, *mask) : x;
}

}  // namespace

LowRankInputs forward(const Pass& pass, LinearGroup modules, const at::Tensor& x,
                      const std::vector<at::Tensor>& y, kernels::Write write) {
  LowRankInputs low(modules.size());
  std::vector<ForwardPart> parts(modules.size());
  std::size_t i = 0;
  for (const Linear* module : modules) {
    if (module->adapter) {
      low[i] = pass.ops->low_rank(adapter_input(pass, *module->adapter, x), module->adapter->a);
    }
    parts[i] = {.weight = &module->weight,
                .y = y[i],
                .low = low[i],
                .adapter = module->adapter.get(),
                .write = write};
    ++i;
  }
  pass.ops->linear_forward(x, parts);
  i = 0;
  for (const Linear* module : modules) {
    if (module->bias.defined()) pass.ops->add_bias(y[i], module->bias);
    ++i;
  }
  return low;
}

OutputGradients output_gradients(const Pass& pass, LinearGroup modules,
                                 std::vector<at::Tensor> dy) {
  OutputGradients gradients{std::move(dy), std::vector<at::Tensor>(modules.size())};
  std::size_t i = 0;
  for (const Linear* module : modules) {
    if (module->adapter) {
      gradients.low[i] = pass.ops->low_rank_backward(gradients.dy[i], module->adapter->b);
    }
    ++i;
  }
  return gradients;
}

void backward_to_input(const Pass& pass, LinearGroup modules, const OutputGradients& gradients,
                       const at::Tensor& dx) {
  std::vector<BackwardPart> parts;
  std::vector<std::pair<BackwardPart, DropoutMask>> masked;
  std::size_t i = 0;
  for (const Linear* module : modules) {
    BackwardPart part{.dy = gradients.dy[i],
                      .weight = &module->weight,
                      .low = gradients.low[i],
                      .adapter = module->adapter.get()};
    const auto mask = module->adapter ? mask_of(pass, *module->adapter) : std::nullopt;
    if (mask) {
      masked.emplace_back(part, *mask);
      part.low.reset();
    }
    parts.push_back(std::move(part));
    ++i;
  }
  pass.ops->linear_backward(parts, dx, kernels::Write::replace);
  for (const auto& [part, mask] : masked) pass.ops->add_dropped(part, mask, dx);
}

bool any_trained(LinearGroup modules) {
  return std::any_of(modules.begin(), modules.end(),
                     [](const Linear* module) { return module->trained(); });
}

void add_parameter_gradients(const Pass& pass, LinearGroup modules,
                             const OutputGradients& gradients, const GroupInputs& inputs) {
  std::size_t i = 0;
  for (const Linear* module : modules) {
    const at::Tensor& dy = gradients.dy[i];
    if (module->weight.gradient.defined()) {
      pass.ops->add_weight_gradient(dy, inputs.x, 1, module->weight.gradient);
    }
    if (module->bias_gradient.defined()) pass.ops->add_bias_gradient(dy, module->bias_gradient);
    if (const Adapter* adapter = module->adapter.get(); adapter && adapter->a_gradient.defined()) {
      pass.ops->add_weight_gradient(dy, (*inputs.low)[i], adapter->scale, adapter->b_gradient);
      pass.ops->add_weight_gradient(gradients.low[i], adapter_input(pass, *adapter, inputs.x),
                                    adapter->scale, adapter->a_gradient);
    }
    ++i;
  }
}

}  // namespace liquid::lfm2
