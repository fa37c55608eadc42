#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/nf4.h"
#include "kernels/weight.h"

namespace liquid::lfm2 {

/// A weight in NF4 on a device; element i is code[q_i] · absmax(i / block), see kernels/weight.h.
struct QuantizedTensors {
  at::Tensor codes;         ///< uint8 (⌈rows·cols / 2⌉)
  at::Tensor absmax;        ///< float32 (blocks); undefined when the scales are quantized, too
  at::Tensor absmax_codes;  ///< uint8 (blocks)
  at::Tensor absmax2;       ///< float32 (⌈blocks / 256⌉)
  double offset = 0;
  std::int64_t block = 64;
};

/// A matrix [rows = out features, cols = in features] as it is stored: dense (in whatever number
/// type, possibly in the mapped file) or quantized. A value: copies share the memory.
struct Weight {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  at::Tensor dense;                                     ///< undefined when quantized
  std::shared_ptr<const kernels::Nf4Weight> quantized;  ///< in host memory, for the CPU kernels
  QuantizedTensors device_quantized;                    ///< for ATen
  at::Tensor gradient;                                  ///< float32; undefined when not trained

  /// For the CPU kernels: valid as long as this weight lives.
  kernels::WeightView view() const;
};

/// A low-rank term: + scale · B·(A·dropout(x)).
struct Adapter {
  at::Tensor a;           ///< (R, in) float32
  at::Tensor b;           ///< (out, R) float32
  at::Tensor a_gradient;  ///< undefined when not trained
  at::Tensor b_gradient;
  float scale = 1;
  float dropout = 0;
  std::uint64_t number = 0;  ///< its place among the model's adapters; decides its dropout masks
};

/// One linear module.
struct Linear {
  std::string path;
  Weight weight;
  at::Tensor bias;           ///< (out) float32; undefined: none
  at::Tensor bias_gradient;  ///< undefined when not trained
  std::shared_ptr<Adapter> adapter;

  bool trained() const {
    return weight.gradient.defined() || (adapter && adapter->a_gradient.defined());
  }
};

/// The weight of an RMSNorm.
struct Norm {
  at::Tensor weight;    ///< float32
  at::Tensor gradient;  ///< undefined when not trained
};

}  // namespace liquid::lfm2
