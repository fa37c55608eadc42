#pragma once

#include "kernels/gemm_kernels.h"
#include "kernels/row_kernels.h"

/// What each kernels_<isa>.cpp hands out. Internal to this room.
namespace liquid::kernels {

const GemmKernels& gemm_kernels_portable();
const GemmKernels& gemm_kernels_avx2();
const GemmKernels& gemm_kernels_avx512();

const RowKernels& row_kernels_portable();
const RowKernels& row_kernels_avx2();
const RowKernels& row_kernels_avx512();

}  // namespace liquid::kernels
