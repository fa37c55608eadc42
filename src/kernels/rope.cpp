#include "kernels/rope.h"

#include <cmath>

#include "kernels/documents.h"
#include "kernels/partial_sums.h"
#include "kernels/row_kernels.h"

namespace liquid::kernels {

RopeTable::RopeTable(double theta, std::int64_t head_dim, std::int64_t positions)
    : half_(head_dim / 2), positions_(positions) {
  cos_.reserve(static_cast<std::size_t>(positions * half_));
  sin_.reserve(static_cast<std::size_t>(positions * half_));
  std::vector<float> frequencies;
  for (std::int64_t i = 0; i < half_; ++i) {
    const double exponent = static_cast<double>(2 * i) / static_cast<double>(head_dim);
    frequencies.push_back(1.0F / static_cast<float>(std::pow(theta, exponent)));
  }
  for (std::int64_t position = 0; position < positions; ++position) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      cos_.push_back(static_cast<float>(std::cos(static_cast<double>(angle))));
      sin_.push_back(static_cast<float>(std::sin(static_cast<double>(angle))));
    }
  }
}

void head_rope(Team& team, const HeadRope& rope, Borders borders, const HeadRopeForward& forward) {
  const RowKernels& kernels = row_kernels(team.isa());
  const RopeTable& table = *rope.table;
  const std::int64_t dim = table.head_dim();
  const std::int64_t heads = forward.x.cols / dim;
  team.run_rows(forward.x.rows, PartialSums::kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t position = t - document_of(borders, t).begin + rope.first_position;
      for (std::int64_t head = 0; head < heads; ++head) {
        forward.rstd[t * heads + head] = kernels.rope({.x = forward.x.row(t) + head * dim,
                                                       .weight = rope.weight,
                                                       .half = dim / 2,
                                                       .eps = rope.eps,
                                                       .cos = table.cos(position),
                                                       .sin = table.sin(position),
                                                       .y = forward.y.row(t) + head * dim});
      }
    }
  });
}

void head_rope_backward(Team& team, const HeadRope& rope, Borders borders,
                        const HeadRopeGradient& gradient) {
  const RowKernels& kernels = row_kernels(team.isa());
  const RopeTable& table = *rope.table;
  const std::int64_t dim = table.head_dim();
  const std::int64_t heads = gradient.x.cols / dim;
  const bool with_weight = gradient.dweight != nullptr;
  const PartialSums dweight(team, with_weight ? gradient.x.rows : 0, dim);
  team.run_rows(gradient.x.rows, PartialSums::kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t position = t - document_of(borders, t).begin + rope.first_position;
      for (std::int64_t head = 0; head < heads; ++head) {
        kernels.rope_gradient({.x = gradient.x.row(t) + head * dim,
                               .weight = rope.weight,
                               .half = dim / 2,
                               .rstd = gradient.rstd[t * heads + head],
                               .cos = table.cos(position),
                               .sin = table.sin(position),
                               .dy = gradient.dy.row(t) + head * dim,
                               .dx = gradient.dx.row(t) + head * dim,
                               .dweight = with_weight ? dweight.of(begin) : nullptr});
      }
    }
  });
  if (with_weight) dweight.finish(0, dim, gradient.dweight);
}

}  // namespace liquid::kernels
