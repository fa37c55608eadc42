#pragma once

namespace liquid::kernels {

/// The instruction sets the kernels are compiled for, weakest first. Arithmetic in bf16
/// (AVX512-BF16, AMX) would become a further line here and a further row in the tables of
/// gemm_kernels.h.
enum class Isa {
  portable,  ///< what every x86-64 (or other) processor has
  avx2,      ///< AVX2, FMA, F16C
  avx512,    ///< AVX-512 F, BW, DQ, VL
};

/// The best one that this processor has and the operating system has enabled.
Isa best_isa();

/// "portable", "AVX2", "AVX-512".
const char* isa_name(Isa isa);

}  // namespace liquid::kernels
