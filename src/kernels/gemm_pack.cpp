#include <algorithm>
#include <cstring>

#include "kernels/gemm_product.h"
#include "kernels/nf4_scale.h"

namespace liquid::kernels {
namespace {

// Rows that are widened before they are transposed: 8 · 256 floats stay in the first-level cache.
constexpr std::int64_t kWidenedRows = 8;

std::int64_t whole_vectors(const GemmKernels& kernels, std::int64_t floats) {
  return (floats + kernels.width - 1) / kernels.width * kernels.width;
}

const float* f32_row(const WeightView& weight, std::int64_t row) {
  return static_cast<const float*>(weight.data) + row * weight.stride;
}

void widen_nf4_row(const GemmKernels& kernels, const WeightView& weight, const RowRun& run,
                   float* to) {
  const Nf4Scales& scales = weight.scales;
  std::int64_t index = weight.first + run.row * weight.cols + run.first;
  const std::int64_t end = index + run.count;
  while (index < end) {
    const std::int64_t block = index / scales.block;
    const std::int64_t count = std::min(end, (block + 1) * scales.block) - index;
    kernels.widen_nf4({.codes = static_cast<const std::uint8_t*>(weight.data),
                       .first = index,
                       .count = count,
                       .scale = nf4_scale(scales, block)},
                      to);
    index += count;
    to += count;
  }
}

// One panel of a right factor whose k are adjacent: its columns are rows of the weight.
void pack_adjacent(const GemmKernels& kernels, const Term& term, const RightPacking& panel) {
  const RightTile& tile = panel.tile;
  const std::int64_t step = whole_vectors(kernels, tile.n);
  PanelCopy copy = {.rows = tile.n, .k = tile.k, .to = panel.to, .step = step};
  if (term.right.type == WeightType::f32) {
    copy.from = f32_row(term.right, tile.n_first) + tile.k_first;
    copy.stride = term.right.stride;
    kernels.transpose(copy);
  } else {
    copy.from = panel.scratch;
    copy.stride = tile.k;
    for (std::int64_t n = 0; n < tile.n; n += kWidenedRows) {
      copy.rows = std::min(kWidenedRows, tile.n - n);
      copy.to = panel.to + n;
      for (std::int64_t r = 0; r < copy.rows; ++r) {
        widen(kernels, term.right,
              {.row = tile.n_first + n + r, .first = tile.k_first, .count = tile.k},
              panel.scratch + r * tile.k);
      }
      kernels.transpose(copy);
    }
  }
  if (tile.n == step) return;
  for (std::int64_t p = 0; p < tile.k; ++p) {
    std::fill(panel.to + p * step + tile.n, panel.to + (p + 1) * step, 0.0F);
  }
}

// A tile of a right factor whose k are apart: its rows are pieces of rows of the weight.
void pack_apart(const GemmKernels& kernels, const Term& term, const RightPacking& packing) {
  const RightTile& tile = packing.tile;
  const std::int64_t panel = kernels.most_vectors * kernels.width;
  RowCut cut = {.stride = term.right.stride,
                .k = tile.k,
                .panels = tile.n / panel,
                .to = packing.to,
                .panel_step = panel * tile.k};
  const std::int64_t rest = tile.n % panel;
  const std::int64_t rest_step = whole_vectors(kernels, rest);
  float* rest_to = packing.to + cut.panels * cut.panel_step;
  const bool direct = term.right.type == WeightType::f32;
  if (direct) {
    cut.from = f32_row(term.right, tile.k_first) + tile.n_first;
    kernels.cut_rows(cut);
    if (rest == 0) return;
  }
  for (std::int64_t p = 0; p < tile.k; ++p) {
    const float* row = packing.scratch;
    if (direct) {
      row = f32_row(term.right, tile.k_first + p) + tile.n_first;
    } else {
      widen(kernels, term.right, {.row = tile.k_first + p, .first = tile.n_first, .count = tile.n},
            packing.scratch);
      RowCut one = cut;
      one.from = row;
      one.k = 1;
      one.to = packing.to + p * panel;
      kernels.cut_rows(one);
    }
    float* to = rest_to + p * rest_step;
    std::copy(row + (tile.n - rest), row + tile.n, to);
    std::fill(to + rest, to + rest_step, 0.0F);
  }
}

}  // namespace

void widen(const GemmKernels& kernels, const WeightView& weight, const RowRun& run, float* to) {
  const std::int64_t offset = run.row * weight.stride + run.first;
  switch (weight.type) {
    case WeightType::f32:
      std::memcpy(to, static_cast<const float*>(weight.data) + offset,
                  static_cast<std::size_t>(run.count) * sizeof(float));
      return;
    case WeightType::bf16:
      kernels.widen_bf16(static_cast<const std::uint16_t*>(weight.data) + offset, run.count, to);
      return;
    case WeightType::f16:
      kernels.widen_f16(static_cast<const std::uint16_t*>(weight.data) + offset, run.count, to);
      return;
    case WeightType::nf4: widen_nf4_row(kernels, weight, run, to); return;
  }
}

std::int64_t right_scratch(const RightTile& largest) {
  return std::max(kWidenedRows * largest.k, largest.n);
}

void pack_right(const GemmKernels& kernels, const Term& term, const RightPacking& packing) {
  const RightTile& tile = packing.tile;
  const std::int64_t panel = kernels.most_vectors * kernels.width;
  if (term.order == Order::k_apart) {
    pack_apart(kernels, term, packing);
  } else {
    for (std::int64_t n = 0; n < tile.n; n += panel) {
      RightPacking one = packing;
      one.tile.n_first += n;
      one.tile.n = std::min(panel, tile.n - n);
      one.to += n * tile.k;
      pack_adjacent(kernels, term, one);
    }
  }
  if (term.scale == 1) return;
  const std::int64_t floats =
      tile.k * (tile.n / panel * panel + whole_vectors(kernels, tile.n % panel));
  for (std::int64_t i = 0; i < floats; ++i) packing.to[i] *= term.scale;
}

void pack_left(const GemmKernels& kernels, const Left& left, const LeftPanel& panel, float* to) {
  PanelCopy copy = {
      .stride = left.matrix.stride, .rows = panel.rows, .k = panel.k, .to = to, .step = panel.rows};
  if (left.order == Order::k_adjacent) {
    copy.from = left.matrix.row(panel.row) + panel.k_first;
    kernels.transpose(copy);
  } else {
    copy.from = left.matrix.row(panel.k_first) + panel.row;
    kernels.copy_panel[static_cast<std::size_t>(panel.rows - 1)](copy);
  }
}

}  // namespace liquid::kernels
