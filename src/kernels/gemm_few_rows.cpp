#include <algorithm>

#include "kernels/gemm_product.h"
#include "kernels/row_kernels.h"

// A few rows (generation: one) times a weight: every element of the weight is used so seldom that
// packing it costs more than it saves. Its rows are widened and multiplied one by one; the time is
// that of reading the weight.
namespace liquid::kernels {
namespace {

constexpr std::int64_t kMostRows = 4;
constexpr std::int64_t kGrain = 64;  // columns of the result, rows of the weight

void compute_column(Isa isa, const Product& product, const Result& result, std::int64_t n,
                    float* scratch) {
  float sums[kMostRows] = {};
  for (const Term& term : result.terms) {
    const ConstMatrix& left = product.lefts[term.left].matrix;
    const float* row = scratch;
    if (term.right.type == WeightType::f32) {
      row = static_cast<const float*>(term.right.data) + n * term.right.stride;
    } else {
      widen(gemm_kernels(isa), term.right, {.row = n, .count = left.cols}, scratch);
    }
    for (std::int64_t m = 0; m < product.rows; ++m) {
      sums[m] += term.scale * row_kernels(isa).dot(left.row(m), row, left.cols);
    }
  }
  for (std::int64_t m = 0; m < product.rows; ++m) {
    float& to = result.c.row(m)[n];
    to = result.write == Write::add ? to + sums[m] : sums[m];
  }
}

}  // namespace

bool has_few_rows(const Product& product) {
  const auto adjacent = [](const auto& factor) { return factor.order == Order::k_adjacent; };
  return product.rows <= kMostRows &&
         std::all_of(product.lefts.begin(), product.lefts.end(), adjacent) &&
         std::all_of(product.results.begin(), product.results.end(), [&](const Result& result) {
           return std::all_of(result.terms.begin(), result.terms.end(), adjacent);
         });
}

void execute_few_rows(Team& team, const Product& product) {
  std::int64_t deepest = 0;
  for (const Left& left : product.lefts) deepest = std::max(deepest, left.depth());
  team.reserve_per_worker(deepest);
  for (const Result& result : product.results) {
    team.run((result.cols + kGrain - 1) / kGrain, [&](std::int64_t part, int worker) {
      const std::int64_t end = std::min(result.cols, (part + 1) * kGrain);
      for (std::int64_t n = part * kGrain; n < end; ++n) {
        compute_column(team.isa(), product, result, n, team.worker_scratch(worker));
      }
    });
  }
}

}  // namespace liquid::kernels
