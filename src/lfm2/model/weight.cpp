#include "lfm2/model/weight.h"

#include <cassert>

namespace liquid::lfm2 {
namespace {

kernels::WeightType stored_type(at::ScalarType type) {
  if (type == at::kBFloat16) return kernels::WeightType::bf16;
  if (type == at::kHalf) return kernels::WeightType::f16;
  assert(type == at::kFloat);
  return kernels::WeightType::f32;
}

}  // namespace

kernels::WeightView Weight::view() const {
  if (quantized) return quantized->view();
  kernels::WeightView view;
  view.type = stored_type(dense.scalar_type());
  view.data = dense.const_data_ptr();
  view.rows = rows;
  view.cols = cols;
  view.stride = dense.stride(0);
  return view;
}

}  // namespace liquid::lfm2
