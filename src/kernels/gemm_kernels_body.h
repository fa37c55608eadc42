#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/gemm_kernels.h"
#include "kernels/simd.h"
#include "kernels/weight_bits.h"

/// Micro-kernels and packing loops for one instruction set; see simd.h.
namespace liquid::kernels::LIQUID_SIMD_NAMESPACE {

// The accumulators of the largest tile, one row of b and one broadcast must fit the registers (32
// with AVX-512, else 16), and there must be more accumulators than multiply-adds in flight (8 to
// 10).
constexpr int kMicroRows = kWidth == 16 ? 14 : 6;
constexpr int kMicroVectors = 2;

template <int Rows, int Vectors>
LIQUID_KERNEL void micro(const MicroTile& tile) {
  const float* a = tile.a;
  const float* b = tile.b;
  const float* ahead = tile.ahead;
  Float sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) {
      sum[i][j] = Float{};
      __builtin_prefetch(tile.c + i * tile.stride + j * kWidth, 1);
    }
  }
  for (std::int64_t p = 0; p < tile.k; ++p) {
    Float row[Vectors];
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) row[j] = load(b + j * kWidth);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const Float factor = splat(a[i]);
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) sum[i][j] += factor * row[j];
    }
    __builtin_prefetch(ahead);
    ahead += tile.ahead_step;
    a += Rows;
    b += tile.b_step;
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) {
      float* to = tile.c + i * tile.stride + j * kWidth;
      store(to, tile.write == Write::add ? load(to) + sum[i][j] : sum[i][j]);
    }
  }
}

template <std::size_t... Index>
constexpr auto micro_table(std::index_sequence<Index...>) {
  struct Table {
    GemmKernels::Micro entry[sizeof...(Index)];
  };
  return Table{{&micro<static_cast<int>(Index) / kMicroVectors + 1,
                       static_cast<int>(Index) % kMicroVectors + 1>...}};
}

constexpr auto kMicroTable =
    micro_table(std::make_index_sequence<std::size_t{kMicroRows} * kMicroVectors>{});

#if LIQUID_SIMD_WIDTH >= 8

constexpr int kBlock = 8;
using Block __attribute__((vector_size(32))) = float;
using StoredBlock __attribute__((vector_size(32), aligned(4), may_alias)) = float;

// Eight rows of eight: pairs, then fours within 128-bit lanes, then the lanes change places.
LIQUID_INLINE void transpose_block(Block* m) {
  Block pair[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    pair[2 * i] = __builtin_shufflevector(m[2 * i], m[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pair[2 * i + 1] = __builtin_shufflevector(m[2 * i], m[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  Block four[8];
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      const Block low = pair[i + j];
      const Block high = pair[i + j + 2];
      four[i + 2 * j] = __builtin_shufflevector(low, high, 0, 1, 8, 9, 4, 5, 12, 13);
      four[i + 2 * j + 1] = __builtin_shufflevector(low, high, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    m[i] = __builtin_shufflevector(four[i], four[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    m[i + 4] = __builtin_shufflevector(four[i], four[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

#else

constexpr int kBlock = 4;
using Block __attribute__((vector_size(16))) = float;
using StoredBlock __attribute__((vector_size(16), aligned(4), may_alias)) = float;

LIQUID_INLINE void transpose_block(Block* m) {
  const Block a = __builtin_shufflevector(m[0], m[1], 0, 4, 1, 5);
  const Block b = __builtin_shufflevector(m[0], m[1], 2, 6, 3, 7);
  const Block c = __builtin_shufflevector(m[2], m[3], 0, 4, 1, 5);
  const Block d = __builtin_shufflevector(m[2], m[3], 2, 6, 3, 7);
  m[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  m[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  m[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  m[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

#endif

LIQUID_INLINE void transpose_full(const PanelCopy& job, std::int64_t row, std::int64_t p) {
  Block m[kBlock];
#pragma GCC unroll 8
  for (int i = 0; i < kBlock; ++i) {
    m[i] = *reinterpret_cast<const StoredBlock*>(job.from + (row + i) * job.stride + p);
  }
  transpose_block(m);
#pragma GCC unroll 8
  for (int i = 0; i < kBlock; ++i) {
    *reinterpret_cast<StoredBlock*>(job.to + (p + i) * job.step + row) = m[i];
  }
}

// The rows below the last full block. Their vectors are stored whole: what reaches beyond a row of
// the panel is overwritten by the rows behind it, which are stored later. Only the end of the panel
// must not be passed.
LIQUID_INLINE void transpose_some(const PanelCopy& job, std::int64_t row, std::int64_t p) {
  const std::int64_t rows = job.rows - row;
  Block m[kBlock];
#pragma GCC unroll 8
  for (int i = 0; i < kBlock; ++i) {
    m[i] = i < rows
               ? Block(*reinterpret_cast<const StoredBlock*>(job.from + (row + i) * job.stride + p))
               : Block{};
  }
  transpose_block(m);
  const std::int64_t first = p * job.step + row;
  const std::int64_t end = job.k * job.step;
  if (first + (kBlock - 1) * job.step + kBlock <= end) {
#pragma GCC unroll 8
    for (int i = 0; i < kBlock; ++i) {
      *reinterpret_cast<StoredBlock*>(job.to + first + i * job.step) = m[i];
    }
    return;
  }
  for (int i = 0; i < kBlock; ++i) {
    float lanes[kBlock];
    std::memcpy(lanes, &m[i], sizeof(lanes));
    for (std::int64_t r = 0; r < rows; ++r) job.to[first + i * job.step + r] = lanes[r];
  }
}

LIQUID_KERNEL void transpose(const PanelCopy& job) {
  const std::int64_t whole = job.rows / kBlock * kBlock;
  std::int64_t p = 0;
  for (; p + kBlock <= job.k; p += kBlock) {
    if (whole < job.rows) transpose_some(job, whole, p);
    for (std::int64_t row = 0; row < whole; row += kBlock) transpose_full(job, row, p);
  }
  for (; p < job.k; ++p) {
    for (std::int64_t r = 0; r < job.rows; ++r) {
      job.to[p * job.step + r] = job.from[r * job.stride + p];
    }
  }
}

template <int Count>
LIQUID_KERNEL void copy_panel(const PanelCopy& job) {
  const float* from = job.from;
  float* to = job.to;
  for (std::int64_t p = 0; p < job.k; ++p) {
    std::memcpy(to, from, Count * sizeof(float));
    from += job.stride;
    to += job.step;
  }
}

template <std::size_t... Index>
constexpr auto copy_table(std::index_sequence<Index...>) {
  struct Table {
    GemmKernels::Pack entry[sizeof...(Index)];
  };
  return Table{{&copy_panel<static_cast<int>(Index) + 1>...}};
}

constexpr auto kCopyTable = copy_table(std::make_index_sequence<std::size_t{kMicroRows}>{});

LIQUID_KERNEL void cut_rows(const RowCut& job) {
  constexpr int kPanel = kMicroVectors * kWidth;
  for (std::int64_t p = 0; p < job.k; ++p) {
    const float* from = job.from + p * job.stride;
    float* to = job.to + p * kPanel;
    for (std::int64_t j = 0; j < job.panels; ++j) {
#pragma GCC unroll 2
      for (int v = 0; v < kMicroVectors; ++v) store(to + v * kWidth, load(from + v * kWidth));
      from += kPanel;
      to += job.panel_step;
    }
  }
}

LIQUID_KERNEL void widen_bf16(const std::uint16_t* from, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = bf16_value(from[i]);
}

LIQUID_KERNEL void widen_f16(const std::uint16_t* from, std::int64_t count, float* to) {
  std::int64_t i = 0;
#if LIQUID_SIMD_WIDTH >= 8
  for (; i + 8 <= count; i += 8) {
    __m128i half;
    std::memcpy(&half, from + i, sizeof(half));
    _mm256_storeu_ps(to + i, _mm256_cvtph_ps(half));
  }
#endif
  for (; i < count; ++i) to[i] = f16_value(from[i]);
}

#if LIQUID_SIMD_WIDTH == 16

// The forms with a mask, because g++ 12 warns about its own header's unmasked ones.
constexpr __mmask16 kAllLanes = 0xffff;

LIQUID_INLINE void widen_nf4_block(const std::uint8_t* codes, float scale, float* to) {
  const __m512 table = _mm512_loadu_ps(kNf4Values.data());
  __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes));
  // The even element is the high nibble.
  const __m128i nibbles =
      _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15)),
                        _mm_and_si128(bytes, _mm_set1_epi8(15)));
  const __m512 value =
      _mm512_maskz_permutexvar_ps(kAllLanes, _mm512_maskz_cvtepu8_epi32(kAllLanes, nibbles), table);
  _mm512_storeu_ps(to, _mm512_mul_ps(value, _mm512_set1_ps(scale)));
}

#elif LIQUID_SIMD_WIDTH == 8

LIQUID_INLINE __m256 look_up_nf4(__m256i index) {
  const __m256 low = _mm256_loadu_ps(kNf4Values.data());
  const __m256 high = _mm256_loadu_ps(kNf4Values.data() + 8);
  // Bit 3 of the index, moved to the sign, chooses the half.
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, index),
                          _mm256_permutevar8x32_ps(high, index),
                          _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
}

LIQUID_INLINE void widen_nf4_block(const std::uint8_t* codes, float scale, float* to) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes));
  // The even element is the high nibble.
  const __m128i nibbles =
      _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15)),
                        _mm_and_si128(bytes, _mm_set1_epi8(15)));
  const __m256 factor = _mm256_set1_ps(scale);
  _mm256_storeu_ps(to, _mm256_mul_ps(look_up_nf4(_mm256_cvtepu8_epi32(nibbles)), factor));
  _mm256_storeu_ps(
      to + 8, _mm256_mul_ps(look_up_nf4(_mm256_cvtepu8_epi32(_mm_srli_si128(nibbles, 8))), factor));
}

#else

LIQUID_INLINE void widen_nf4_block(const std::uint8_t* codes, float scale, float* to) {
  for (int i = 0; i < 8; ++i) {
    to[2 * i] = kNf4Values[codes[i] >> 4] * scale;
    to[2 * i + 1] = kNf4Values[codes[i] & 15] * scale;
  }
}

#endif

LIQUID_KERNEL void widen_nf4(const Nf4Run& run, float* to) {
  std::int64_t i = 0;
  if (run.first % 2 == 0) {
    for (; i + 16 <= run.count; i += 16) {
      widen_nf4_block(run.codes + (run.first + i) / 2, run.scale, to + i);
    }
  }
  for (; i < run.count; ++i) to[i] = nf4_value(run.codes, run.first + i) * run.scale;
}

// Twelve chains that differ and none of which stands still (1 · ½ + ½ = 1), or the compiler would
// leave some of them out.
constexpr int kChains = 12;

LIQUID_KERNEL float multiply_add(std::int64_t turns) {
  Float chain[kChains];
#pragma GCC unroll 12
  for (int i = 0; i < kChains; ++i) chain[i] = splat(static_cast<float>(i + 2));
  const Float factor = splat(0.5F);
  for (std::int64_t turn = 0; turn < turns; ++turn) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chain[i] = chain[i] * factor + factor;
  }
  Float total{};
#pragma GCC unroll 12
  for (int i = 0; i < kChains; ++i) total += chain[i];
  return total[0];
}

inline constexpr GemmKernels kGemmKernels = {
    .width = kWidth,
    .most_rows = kMicroRows,
    .most_vectors = kMicroVectors,
    .micro = kMicroTable.entry,
    .transpose = &transpose,
    .copy_panel = kCopyTable.entry,
    .cut_rows = &cut_rows,
    .widen_bf16 = &widen_bf16,
    .widen_f16 = &widen_f16,
    .widen_nf4 = &widen_nf4,
    .multiply_add = &multiply_add,
    .flops_per_turn = 2 * kChains * kWidth,
};

}  // namespace liquid::kernels::LIQUID_SIMD_NAMESPACE
