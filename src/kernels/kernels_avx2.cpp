#if defined(__x86_64__)

#include <immintrin.h>

#define LIQUID_SIMD_NAMESPACE avx2
#define LIQUID_SIMD_WIDTH 8
#define LIQUID_SIMD_TARGET [[gnu::target("avx2,fma,f16c")]]

#include "kernels/gemm_kernels_body.h"
#include "kernels/isa_tables.h"
#include "kernels/row_kernels_body.h"

namespace liquid::kernels {

const GemmKernels& gemm_kernels_avx2() { return avx2::kGemmKernels; }
const RowKernels& row_kernels_avx2() { return avx2::kRowKernels; }

}  // namespace liquid::kernels

#endif
