#include "kernels/weight.h"

#include "kernels/gemm_product.h"

namespace liquid::kernels {

const char* weight_type_name(WeightType type) {
  switch (type) {
    case WeightType::f32: return "f32";
    case WeightType::bf16: return "bf16";
    case WeightType::f16: return "f16";
    case WeightType::nf4: return "nf4";
  }
  return "f32";
}

WeightView weight_f32(const float* data, std::int64_t rows, std::int64_t cols) {
  return {.type = WeightType::f32, .data = data, .rows = rows, .cols = cols, .stride = cols};
}

WeightView weight_bf16(const std::uint16_t* data, std::int64_t rows, std::int64_t cols) {
  return {.type = WeightType::bf16, .data = data, .rows = rows, .cols = cols, .stride = cols};
}

WeightView weight_f16(const std::uint16_t* data, std::int64_t rows, std::int64_t cols) {
  return {.type = WeightType::f16, .data = data, .rows = rows, .cols = cols, .stride = cols};
}

WeightView rows(const WeightView& weight, std::int64_t first, std::int64_t count) {
  WeightView part = weight;
  part.rows = count;
  switch (weight.type) {
    case WeightType::f32:
      part.data = static_cast<const float*>(weight.data) + first * weight.stride;
      break;
    case WeightType::bf16:
    case WeightType::f16:
      part.data = static_cast<const std::uint16_t*>(weight.data) + first * weight.stride;
      break;
    case WeightType::nf4: part.first += first * weight.cols; break;
  }
  return part;
}

void read_row(const WeightView& weight, std::int64_t row, float* out) {
  static const GemmKernels& kernels = gemm_kernels(best_isa());
  widen(kernels, weight, {.row = row, .first = 0, .count = weight.cols}, out);
}

}  // namespace liquid::kernels
