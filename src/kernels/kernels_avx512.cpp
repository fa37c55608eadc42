#if defined(__x86_64__)

#include <immintrin.h>

#define LIQUID_SIMD_NAMESPACE avx512
#define LIQUID_SIMD_WIDTH 16
#define LIQUID_SIMD_TARGET [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")]]

#include "kernels/gemm_kernels_body.h"
#include "kernels/isa_tables.h"
#include "kernels/row_kernels_body.h"

namespace liquid::kernels {

const GemmKernels& gemm_kernels_avx512() { return avx512::kGemmKernels; }
const RowKernels& row_kernels_avx512() { return avx512::kRowKernels; }

}  // namespace liquid::kernels

#endif
