#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "lfm2/model/weight.h"

namespace liquid::lfm2 {

/// The bytes of a quantized weight on a device.
QuantizedTensors to_device(const kernels::Nf4Weight& weight, at::Device device);

/// All elements, (rows, cols) float32, by ATen's operators.
at::Tensor dequantize(const QuantizedTensors& weight, std::int64_t rows, std::int64_t cols);

}  // namespace liquid::lfm2
