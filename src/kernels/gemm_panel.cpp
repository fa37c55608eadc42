#include <algorithm>

#include "kernels/gemm_product.h"

namespace liquid::kernels {
namespace {

// Where whole vectors would reach beyond the result, or it is stored transposed.
void multiply_edge(GemmKernels::Micro micro, MicroTile tile, const PanelResult& result) {
  float* edge = tile.c;
  const Write write = tile.write;
  tile.stride = tile.b_step;
  tile.write = Write::replace;
  micro(tile);
  const bool straight = result.store == Store::straight;
  const std::int64_t rows = straight ? result.c.rows : result.c.cols;
  const std::int64_t cols = straight ? result.c.cols : result.c.rows;
  const std::int64_t row_step = straight ? result.c.stride : 1;
  const std::int64_t col_step = straight ? 1 : result.c.stride;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t n = 0; n < cols; ++n) {
      float& to = result.c.data[r * row_step + n * col_step];
      const float sum = edge[r * tile.stride + n];
      to = write == Write::add ? to + sum : sum;
    }
  }
}

}  // namespace

void multiply_panels(const GemmKernels& kernels, const PanelProduct& product,
                     const PanelResult& result) {
  const std::int64_t panel = kernels.most_vectors * kernels.width;
  const bool straight = result.store == Store::straight;
  // The next left panel comes from afar: each micro-tile fetches its share of it.
  const std::int64_t tiles = (product.cols + panel - 1) / panel;
  const std::int64_t step = product.next == nullptr ? 0 : (product.rows + tiles - 1) / tiles;
  const float* ahead = product.next == nullptr ? product.left : product.next;
  for (std::int64_t n = 0; n < product.cols; n += panel, ahead += step * product.k) {
    const std::int64_t cols = std::min(panel, product.cols - n);
    const std::int64_t vectors = (cols + kernels.width - 1) / kernels.width;
    MicroTile tile = {.k = product.k,
                      .a = product.left,
                      .b = product.right + n * product.k,
                      .b_step = vectors * kernels.width,
                      .write = result.write,
                      .ahead = ahead,
                      .ahead_step = step};
    const GemmKernels::Micro micro = kernels.micro_for(product.rows, vectors);
    if (straight && cols == tile.b_step) {
      tile.c = result.c.data + n;
      tile.stride = result.c.stride;
      micro(tile);
    } else {
      tile.c = product.edge;
      PanelResult part = result;
      part.c = straight ? columns(result.c, n, cols) : rows(result.c, n, cols);
      multiply_edge(micro, tile, part);
    }
  }
}

std::int64_t block_scratch(std::int64_t k, std::int64_t cols) {
  // The right factor with its last vector filled up, one left panel, one micro-tile.
  return k * (cols + 16) + k * 16 + kMostEdge;
}

void multiply_block(const GemmKernels& kernels, const BlockProduct& product,
                    const PanelResult& result, float* scratch) {
  const std::int64_t k = product.a_order == Order::k_adjacent ? product.a.cols : product.a.rows;
  const std::int64_t cols = product.b_order == Order::k_adjacent ? product.b.rows : product.b.cols;
  float* panel = scratch + k * (cols + 16);
  const Term term = {.right = {.type = WeightType::f32,
                               .data = product.b.data,
                               .rows = product.b.rows,
                               .cols = product.b.cols,
                               .stride = product.b.stride},
                     .order = product.b_order};
  pack_right(kernels, term, {.tile = {.k = k, .n = cols}, .to = scratch});
  for (std::int64_t row = 0; row < result.c.rows; row += kernels.most_rows) {
    const std::int64_t height = std::min(kernels.most_rows, result.c.rows - row);
    pack_left(kernels, {product.a, product.a_order}, {.row = row, .rows = height, .k = k}, panel);
    multiply_panels(kernels,
                    {.left = panel,
                     .rows = height,
                     .k = k,
                     .right = scratch,
                     .cols = cols,
                     .edge = panel + k * 16},
                    {.c = rows(result.c, row, height), .write = result.write});
  }
}

}  // namespace liquid::kernels
