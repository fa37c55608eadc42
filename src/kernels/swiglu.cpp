#include "kernels/swiglu.h"

#include "kernels/row_kernels.h"

namespace liquid::kernels {
namespace {

constexpr std::int64_t kGrain = 16;  // rows of some thousand floats

}  // namespace

void swiglu(Team& team, ConstMatrix gate, ConstMatrix up, Matrix y) {
  const RowKernels& kernels = row_kernels(team.isa());
  team.run_rows(gate.rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      kernels.swiglu({.gate = gate.row(t), .up = up.row(t), .cols = gate.cols, .y = y.row(t)});
    }
  });
}

void swiglu_backward(Team& team, const SwigluGradient& gradient) {
  const RowKernels& kernels = row_kernels(team.isa());
  team.run_rows(gradient.gate.rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      kernels.swiglu_gradient({.gate = gradient.gate.row(t),
                               .up = gradient.up.row(t),
                               .dy = gradient.dy.row(t),
                               .cols = gradient.gate.cols,
                               .dgate = gradient.dgate.row(t),
                               .dup = gradient.dup.row(t)});
    }
  });
}

}  // namespace liquid::kernels
