#pragma once

#include <cstdint>
#include <span>

#include "kernels/isa.h"
#include "kernels/matrix.h"

/// What a product is made of, for each instruction set: the micro-kernel and the loops that bring
/// operands into its order. Internal to this room; gemm.cpp drives it.
namespace liquid::kernels {

/// c [m, n] (=|+=) Σ_k a[k]ᵀ b[k]: `a` holds k times m floats, `b` holds k times n floats (b_step
/// floats apart, of which the last vector may be padding), c's rows are `stride` floats apart.
struct MicroTile {
  std::int64_t k = 0;
  const float* a = nullptr;
  const float* b = nullptr;
  std::int64_t b_step = 0;
  float* c = nullptr;
  std::int64_t stride = 0;
  Write write = Write::replace;
  /// Memory that will be read soon: a line is fetched at each k, `ahead_step` floats apart.
  const float* ahead = nullptr;
  std::int64_t ahead_step = 0;
};

/// A panel of a packed operand: `to`[p * step + r] for p < k, r < rows. The operand is stored
/// transposed (from[r * stride + p]) or straight (from[p * stride + r]).
struct PanelCopy {
  const float* from = nullptr;
  std::int64_t stride = 0;
  std::int64_t rows = 0;
  std::int64_t k = 0;
  float* to = nullptr;
  std::int64_t step = 0;
};

/// `k` rows of `panels` · most_vectors · width floats become as many panels, straight:
/// row p of panel j goes to `to` + j · panel_step + p · most_vectors · width.
struct RowCut {
  const float* from = nullptr;
  std::int64_t stride = 0;
  std::int64_t k = 0;
  std::int64_t panels = 0;
  float* to = nullptr;
  std::int64_t panel_step = 0;
};

/// `count` elements of NF4 from element `first` of the flattened matrix on, with one scale.
struct Nf4Run {
  const std::uint8_t* codes = nullptr;
  std::int64_t first = 0;
  std::int64_t count = 0;
  float scale = 0;
};

struct GemmKernels {
  using Micro = void (*)(const MicroTile& tile);

  std::int64_t width = 0;         ///< W, floats a vector
  std::int64_t most_rows = 0;     ///< M_r, rows of the largest micro-tile
  std::int64_t most_vectors = 0;  ///< its columns are most_vectors · width
  /// Micro-kernel for m in [1, most_rows] rows and v in [1, most_vectors] vectors:
  /// micro[(m − 1) · most_vectors + v − 1].
  std::span<const Micro> micro;

  using Pack = void (*)(const PanelCopy& job);
  Pack transpose = nullptr;          ///< any rows
  std::span<const Pack> copy_panel;  ///< straight: copy_panel[rows − 1], rows ≤ most_rows
  void (*cut_rows)(const RowCut& job) = nullptr;
  void (*widen_bf16)(const std::uint16_t* from, std::int64_t count, float* to) = nullptr;
  void (*widen_f16)(const std::uint16_t* from, std::int64_t count, float* to) = nullptr;
  void (*widen_nf4)(const Nf4Run& run, float* to) = nullptr;

  /// `turns` times flops_per_turn operations on registers alone: the peak that nothing exceeds.
  float (*multiply_add)(std::int64_t turns) = nullptr;
  std::int64_t flops_per_turn = 0;

  Micro micro_for(std::int64_t rows, std::int64_t vectors) const {
    return micro[static_cast<std::size_t>((rows - 1) * most_vectors + vectors - 1)];
  }
};

const GemmKernels& gemm_kernels(Isa isa);

}  // namespace liquid::kernels
