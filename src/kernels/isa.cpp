#include "kernels/isa.h"

#include "kernels/isa_tables.h"

namespace liquid::kernels {

Isa best_isa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return Isa::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
#endif
  return Isa::portable;
}

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::portable: return "portable";
    case Isa::avx2: return "AVX2";
    case Isa::avx512: return "AVX-512";
  }
  return "portable";
}

const GemmKernels& gemm_kernels(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::portable: break;
    case Isa::avx2: return gemm_kernels_avx2();
    case Isa::avx512: return gemm_kernels_avx512();
  }
#else
  static_cast<void>(isa);
#endif
  return gemm_kernels_portable();
}

const RowKernels& row_kernels(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::portable: break;
    case Isa::avx2: return row_kernels_avx2();
    case Isa::avx512: return row_kernels_avx512();
  }
#else
  static_cast<void>(isa);
#endif
  return row_kernels_portable();
}

}  // namespace liquid::kernels
