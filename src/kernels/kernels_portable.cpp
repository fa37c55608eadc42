#include "kernels/gemm_kernels_body.h"
#include "kernels/isa_tables.h"

namespace liquid::kernels {

const GemmKernels& gemm_kernels_portable() { return portable::kGemmKernels; }

}  // namespace liquid::kernels
