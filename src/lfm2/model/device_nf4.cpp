#include "lfm2/model/device_nf4.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <span>

namespace liquid::lfm2 {
namespace {

template <typename T>
at::Tensor tensor_of(std::span<const T> values, at::ScalarType type, at::Device device) {
  at::Tensor host = at::empty({static_cast<std::int64_t>(values.size())}, type);
  std::copy(values.begin(), values.end(), host.mutable_data_ptr<T>());
  return host.to(device);
}

// One value of `scales` for each of the `count` elements, `block` elements to a value.
at::Tensor spread(const at::Tensor& scales, std::int64_t block, std::int64_t count) {
  return scales.unsqueeze(1).expand({-1, block}).reshape({-1}).narrow(0, 0, count);
}

at::Tensor looked_up(std::span<const float> table, const at::Tensor& codes) {
  return tensor_of(table, at::kFloat, codes.device()).index_select(0, codes.to(at::kInt));
}

}  // namespace

QuantizedTensors to_device(const kernels::Nf4Weight& weight, at::Device device) {
  QuantizedTensors tensors;
  tensors.codes = tensor_of(std::span(weight.codes), at::kByte, device);
  if (!weight.absmax.empty()) {
    tensors.absmax = tensor_of(std::span(weight.absmax), at::kFloat, device);
  } else {
    tensors.absmax_codes = tensor_of(std::span(weight.absmax_codes), at::kByte, device);
    tensors.absmax2 = tensor_of(std::span(weight.absmax2), at::kFloat, device);
  }
  tensors.offset = static_cast<double>(weight.offset);
  tensors.block = weight.block;
  return tensors;
}

at::Tensor dequantize(const QuantizedTensors& weight, std::int64_t rows, std::int64_t cols) {
  at::Tensor absmax = weight.absmax;
  if (!absmax.defined()) {
    const at::Tensor scaled = looked_up(kernels::dynamic_map(), weight.absmax_codes) *
                              spread(weight.absmax2, 256, weight.absmax_codes.size(0));
    absmax = scaled + weight.offset;
  }
  const at::Tensor nibbles =
      at::stack({weight.codes.bitwise_right_shift(4), weight.codes.bitwise_and(15)}, 1);
  const std::int64_t count = rows * cols;
  const at::Tensor codes = nibbles.reshape({-1}).narrow(0, 0, count);
  return (looked_up(kernels::nf4_values(), codes) * spread(absmax, weight.block, count))
      .view({rows, cols});
}

}  // namespace liquid::lfm2
