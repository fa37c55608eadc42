#pragma once

#include "kernels/gemm_kernels.h"

/// What each kernels_<isa>.cpp hands out. Internal to this room.
namespace liquid::kernels {

const GemmKernels& gemm_kernels_portable();
const GemmKernels& gemm_kernels_avx2();
const GemmKernels& gemm_kernels_avx512();

}  // namespace liquid::kernels
