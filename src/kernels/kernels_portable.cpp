#include "kernels/gemm_kernels_body.h"
#include "kernels/isa_tables.h"
#include "kernels/row_kernels_body.h"

namespace liquid::kernels {

const GemmKernels& gemm_kernels_portable() { return portable::kGemmKernels; }
const RowKernels& row_kernels_portable() { return portable::kRowKernels; }

}  // namespace liquid::kernels
