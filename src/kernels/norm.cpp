#include "kernels/norm.h"

#include "kernels/partial_sums.h"
#include "kernels/row_kernels.h"

namespace liquid::kernels {

void rms_norm(Team& team, const RmsNorm& norm, ConstMatrix x, Matrix y, float* rstd) {
  const RowKernels& kernels = row_kernels(team.isa());
  team.run_rows(x.rows, PartialSums::kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      rstd[t] = kernels.norm(
          {.x = x.row(t), .weight = norm.weight, .cols = x.cols, .eps = norm.eps, .y = y.row(t)});
    }
  });
}

void rms_norm_backward(Team& team, const RmsNorm& norm, const RmsNormGradient& gradient) {
  const RowKernels& kernels = row_kernels(team.isa());
  const std::int64_t cols = gradient.x.cols;
  const bool with_weight = gradient.dweight != nullptr;
  const PartialSums dweight(team, with_weight ? gradient.x.rows : 0, cols);
  team.run_rows(gradient.x.rows, PartialSums::kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      kernels.norm_gradient({.x = gradient.x.row(t),
                             .weight = norm.weight,
                             .cols = cols,
                             .rstd = gradient.rstd[t],
                             .dy = gradient.dy.row(t),
                             .dx = gradient.dx.row(t),
                             .add = gradient.dx_write == Write::add,
                             .dweight = with_weight ? dweight.of(begin) : nullptr});
    }
  });
  if (with_weight) dweight.finish(0, cols, gradient.dweight);
}

}  // namespace liquid::kernels
