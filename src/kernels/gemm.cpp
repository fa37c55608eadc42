#include "kernels/gemm.h"

#include <algorithm>
#include <cassert>

#include "kernels/gemm_product.h"

namespace liquid::kernels {
namespace {

WeightView as_weight(ConstMatrix m) {
  return {
      .type = WeightType::f32, .data = m.data, .rows = m.rows, .cols = m.cols, .stride = m.stride};
}

// Few columns and many rows: the transposed product has a long dimension for the vectors.
bool better_transposed(std::int64_t rows, std::int64_t cols) {
  return cols < 64 && rows >= 4 * cols;
}

}  // namespace

void linear_forward(Team& team, ConstMatrix x, std::span<const ForwardPart> parts) {
  Product product = {.rows = x.rows, .lefts = {{x, Order::k_adjacent}}};
  for (const ForwardPart& part : parts) {
    assert(part.weight.cols == x.cols && part.y.rows == x.rows && part.y.cols == part.weight.rows);
    Result result = {.c = part.y, .write = part.write, .cols = part.weight.rows};
    result.terms.push_back({.left = 0, .right = part.weight, .order = Order::k_adjacent});
    if (part.adapter.left.cols > 0) {
      result.terms.push_back({.left = product.lefts.size(),
                              .right = as_weight(part.adapter.right),
                              .order = Order::k_adjacent,
                              .scale = part.adapter.scale});
      product.lefts.push_back({part.adapter.left, Order::k_adjacent});
    }
    product.results.push_back(std::move(result));
  }
  execute(team, product);
}

void linear_backward(Team& team, std::span<const BackwardPart> parts, Matrix dx, Write write) {
  Product product = {.rows = dx.rows};
  Result result = {.c = dx, .write = write, .cols = dx.cols};
  for (const BackwardPart& part : parts) {
    assert(part.weight.rows == part.dy.cols && part.weight.cols == dx.cols);
    result.terms.push_back(
        {.left = product.lefts.size(), .right = part.weight, .order = Order::k_apart});
    product.lefts.push_back({part.dy, Order::k_adjacent});
    if (part.adapter.left.cols > 0) {
      result.terms.push_back({.left = product.lefts.size(),
                              .right = as_weight(part.adapter.right),
                              .order = Order::k_apart,
                              .scale = part.adapter.scale});
      product.lefts.push_back({part.adapter.left, Order::k_adjacent});
    }
  }
  product.results.push_back(std::move(result));
  execute(team, product);
}

void multiply_nt(Team& team, ConstMatrix a, ConstMatrix b, Matrix c, ProductOptions options) {
  assert(a.cols == b.cols && c.rows == a.rows && c.cols == b.rows);
  execute(team, {.rows = a.rows,
                 .lefts = {{a, Order::k_adjacent}},
                 .results = {{.c = c,
                              .write = options.write,
                              .cols = b.rows,
                              .terms = {{.right = as_weight(b),
                                         .order = Order::k_adjacent,
                                         .scale = options.scale}}}}});
}

void multiply_nn(Team& team, ConstMatrix a, ConstMatrix b, Matrix c, ProductOptions options) {
  assert(a.cols == b.rows && c.rows == a.rows && c.cols == b.cols);
  execute(
      team,
      {.rows = a.rows,
       .lefts = {{a, Order::k_adjacent}},
       .results = {
           {.c = c,
            .write = options.write,
            .cols = b.cols,
            .terms = {{.right = as_weight(b), .order = Order::k_apart, .scale = options.scale}}}}});
}

void multiply_tn(Team& team, ConstMatrix a, ConstMatrix b, Matrix c, ProductOptions options) {
  assert(a.rows == b.rows && c.rows == a.cols && c.cols == b.cols);
  const bool transposed = better_transposed(a.cols, b.cols);
  const ConstMatrix left = transposed ? b : a;
  const ConstMatrix right = transposed ? a : b;
  execute(team, {.rows = left.cols,
                 .lefts = {{left, Order::k_apart}},
                 .results = {{.c = c,
                              .write = options.write,
                              .store = transposed ? Store::transposed : Store::straight,
                              .cols = right.cols,
                              .terms = {{.right = as_weight(right),
                                         .order = Order::k_apart,
                                         .scale = options.scale}}}}});
}

}  // namespace liquid::kernels
