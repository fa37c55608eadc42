#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/row_kernels.h"
#include "kernels/simd.h"

/// Loops over rows for one instruction set; see simd.h.
namespace liquid::kernels::LIQUID_SIMD_NAMESPACE {

LIQUID_KERNEL float dot(const float* a, const float* b, std::int64_t count) {
  // Four sums, so that one addition need not wait for the last.
  Float part[4] = {};
  std::int64_t c = 0;
  for (; c + 4 * kWidth <= count; c += 4 * kWidth) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) part[i] += load(a + c + i * kWidth) * load(b + c + i * kWidth);
  }
  for (; c < count; c += kWidth) part[0] += load(a + c, count - c) * load(b + c, count - c);
  return sum((part[0] + part[1]) + (part[2] + part[3]));
}

LIQUID_INLINE float rstd_of(const float* x, std::int64_t count, float eps) {
  return 1.0F / std::sqrt(dot(x, x, count) / static_cast<float>(count) + eps);
}

LIQUID_KERNEL float norm(const NormRow& row) {
  const float rstd = rstd_of(row.x, row.cols, row.eps);
  for (std::int64_t c = 0; c < row.cols; c += kWidth) {
    const std::int64_t count = row.cols - c;
    store(row.y + c, load(row.weight + c, count) * (load(row.x + c, count) * rstd), count);
  }
  return rstd;
}

LIQUID_KERNEL void norm_gradient(const NormGradientRow& row) {
  Float along{};
  for (std::int64_t c = 0; c < row.cols; c += kWidth) {
    const std::int64_t count = row.cols - c;
    along += load(row.x + c, count) * (load(row.weight + c, count) * load(row.dy + c, count));
  }
  const float mean = sum(along) * row.rstd / static_cast<float>(row.cols);
  for (std::int64_t c = 0; c < row.cols; c += kWidth) {
    const std::int64_t count = row.cols - c;
    const Float unit = load(row.x + c, count) * row.rstd;
    const Float dy = load(row.dy + c, count);
    if (row.dweight != nullptr) {
      store(row.dweight + c, load(row.dweight + c, count) + dy * unit, count);
    }
    Float dx = row.rstd * (load(row.weight + c, count) * dy - unit * mean);
    if (row.add) dx += load(row.dx + c, count);
    store(row.dx + c, dx, count);
  }
}

LIQUID_INLINE Float conv_input(const float* row, std::int64_t channels, std::int64_t c) {
  return load(row + c, channels - c) * load(row + 2 * channels + c, channels - c);
}

LIQUID_INLINE Float conv_sum(const ConvRow& row, std::int64_t c) {
  const std::int64_t count = row.channels - c;
  Float v = row.bias != nullptr ? load(row.bias + c, count) : Float{};
  for (std::int64_t j = 0; j <= row.past; ++j) {
    v += load(row.taps + j * row.channels + c, count) *
         conv_input(row.bcx - j * row.stride, row.channels, c);
  }
  return v;
}

LIQUID_KERNEL void conv(const ConvRow& row) {
  for (std::int64_t c = 0; c < row.channels; c += kWidth) {
    const std::int64_t count = row.channels - c;
    store(row.y + c, load(row.bcx + row.channels + c, count) * conv_sum(row, c), count);
  }
}

LIQUID_KERNEL void conv_gradient(const ConvGradientRow& row) {
  const std::int64_t h = row.channels;
  const ConvRow forward = {.bcx = row.bcx,
                           .stride = row.stride,
                           .channels = h,
                           .taps = row.taps,
                           .bias = row.bias,
                           .past = row.past};
  for (std::int64_t c = 0; c < h; c += kWidth) {
    const std::int64_t count = h - c;
    const Float dy = load(row.dy + c, count);
    store(row.dbcx + h + c, dy * conv_sum(forward, c), count);
    const Float dv = dy * load(row.bcx + h + c, count);
    Float du = load(row.taps + c, count) * dv;
    for (std::int64_t j = 1; j <= row.future; ++j) {
      const Float later = load(row.dy + j * row.dy_stride + c, count) *
                          load(row.bcx + j * row.stride + h + c, count);
      du += load(row.taps + j * h + c, count) * later;
    }
    store(row.dbcx + c, du * load(row.bcx + 2 * h + c, count), count);
    store(row.dbcx + 2 * h + c, du * load(row.bcx + c, count), count);
    if (row.dbias != nullptr) store(row.dbias + c, load(row.dbias + c, count) + dv, count);
    for (std::int64_t j = 0; row.dtaps != nullptr && j <= row.past; ++j) {
      float* to = row.dtaps + j * h + c;
      store(to, load(to, count) + dv * conv_input(row.bcx - j * row.stride, h, c), count);
    }
  }
}

LIQUID_INLINE Float sigmoid(Float x) { return 1.0F / (1.0F + exp(-x)); }

LIQUID_KERNEL void swiglu(const SwigluRow& row) {
  for (std::int64_t c = 0; c < row.cols; c += kWidth) {
    const std::int64_t count = row.cols - c;
    const Float gate = load(row.gate + c, count);
    store(row.y + c, gate / (1.0F + exp(-gate)) * load(row.up + c, count), count);
  }
}

LIQUID_KERNEL void swiglu_gradient(const SwigluGradientRow& row) {
  for (std::int64_t c = 0; c < row.cols; c += kWidth) {
    const std::int64_t count = row.cols - c;
    const Float gate = load(row.gate + c, count);
    const Float up = load(row.up + c, count);
    const Float dy = load(row.dy + c, count);
    const Float open = sigmoid(gate);
    store(row.dgate + c, dy * up * (open * (1.0F + gate * (1.0F - open))), count);
    store(row.dup + c, dy * (gate * open), count);
  }
}

LIQUID_KERNEL float rope(const RopeRow& row) {
  const std::int64_t half = row.half;
  const float rstd = rstd_of(row.x, 2 * half, row.eps);
  for (std::int64_t c = 0; c < half; c += kWidth) {
    const std::int64_t count = half - c;
    const Float cosine = load(row.cos + c, count);
    const Float sine = load(row.sin + c, count);
    const Float low = load(row.weight + c, count) * (load(row.x + c, count) * rstd);
    const Float high = load(row.weight + half + c, count) * (load(row.x + half + c, count) * rstd);
    store(row.y + c, low * cosine - high * sine, count);
    store(row.y + half + c, high * cosine + low * sine, count);
  }
  return rstd;
}

// The gradient by the normed head is the rotation backwards; then RMSNorm's gradient, whose mean
// needs all of it first. Heads are short: it is computed twice, from the first-level cache.
LIQUID_KERNEL void rope_gradient(const RopeGradientRow& row) {
  const std::int64_t half = row.half;
  Float along{};
  for (std::int64_t c = 0; c < half; c += kWidth) {
    const std::int64_t count = half - c;
    const Float cosine = load(row.cos + c, count);
    const Float sine = load(row.sin + c, count);
    const Float dlow = load(row.dy + c, count);
    const Float dhigh = load(row.dy + half + c, count);
    along += load(row.x + c, count) * load(row.weight + c, count) * (dlow * cosine + dhigh * sine);
    along += load(row.x + half + c, count) * load(row.weight + half + c, count) *
             (dhigh * cosine - dlow * sine);
  }
  const float mean = sum(along) * row.rstd / static_cast<float>(2 * half);
  for (std::int64_t c = 0; c < half; c += kWidth) {
    const std::int64_t count = half - c;
    const Float cosine = load(row.cos + c, count);
    const Float sine = load(row.sin + c, count);
    const Float dlow = load(row.dy + c, count);
    const Float dhigh = load(row.dy + half + c, count);
    const Float gradient[2] = {dlow * cosine + dhigh * sine, dhigh * cosine - dlow * sine};
#pragma GCC unroll 2
    for (int part = 0; part < 2; ++part) {
      const std::int64_t at = part * half + c;
      const Float unit = load(row.x + at, count) * row.rstd;
      if (row.dweight != nullptr) {
        store(row.dweight + at, load(row.dweight + at, count) + gradient[part] * unit, count);
      }
      store(row.dx + at, row.rstd * (load(row.weight + at, count) * gradient[part] - unit * mean),
            count);
    }
  }
}

LIQUID_INLINE float greatest_lane(Float value) {
  float lanes[kWidth];
  store(lanes, value);
  float most = lanes[0];
  for (const float lane : lanes) most = lane > most ? lane : most;
  return most;
}

// A NaN may get lost here; it shows in the sum of the exponentials.
LIQUID_KERNEL float greatest(const ScoreRow& row, float start) {
  Float most = splat(start);
  std::int64_t c = 0;
  for (; c + kWidth <= row.count; c += kWidth) {
    const Float value = load(row.scores + c) * row.scale;
    most = value > most ? value : most;
  }
  float result = greatest_lane(most);
  for (; c < row.count; ++c) {
    const float value = row.scores[c] * row.scale;
    if (value > result) result = value;
  }
  return result;
}

LIQUID_KERNEL float probabilities(const ScoreRow& row, float shift) {
  Float total{};
  std::int64_t c = 0;
  for (; c + kWidth <= row.count; c += kWidth) {
    const Float p = exp(load(row.scores + c) * row.scale - shift);
    store(row.scores + c, p);
    total += p;
  }
  float result = sum(total);
  if (c < row.count) {
    const std::int64_t count = row.count - c;
    store(row.scores + c, exp(load(row.scores + c, count) * row.scale - shift), count);
    for (; c < row.count; ++c) result += row.scores[c];
  }
  return result;
}

LIQUID_KERNEL void score_gradient(const ScoreGradientRow& row) {
  for (std::int64_t c = 0; c < row.count; c += kWidth) {
    const std::int64_t count = row.count - c;
    const Float p = exp(load(row.scores + c, count) * row.scale - row.lse);
    store(row.scores + c, p, count);
    store(row.dscores + c, p * (load(row.dscores + c, count) - row.delta) * row.scale, count);
  }
}

// Sums of 64 vectors in fp32, these in double: the error does not grow with the vocabulary.
LIQUID_KERNEL Softmax softmax(const float* row, std::int64_t count) {
  constexpr std::int64_t kRun = 64 * kWidth;
  ScoreRow scores = {.scores = const_cast<float*>(row), .count = count};  // NOLINT: only read
  const float most = greatest(scores, -__builtin_inff());
  Softmax result = {.greatest = most, .sum = 0};
  for (std::int64_t run = 0; run < count; run += kRun) {
    const std::int64_t end = run + kRun < count ? run + kRun : count;
    Float total{};
    std::int64_t c = run;
    for (; c + kWidth <= end; c += kWidth) total += exp(load(row + c) - most);
    float rest = sum(total);
    if (c < end) {
      float lanes[kWidth];
      store(lanes, exp(load(row + c, end - c) - most));
      for (std::int64_t i = 0; i < end - c; ++i) rest += lanes[i];
    }
    result.sum += static_cast<double>(rest);
  }
  return result;
}

LIQUID_KERNEL void exponentials(const ScoreRow& row, float shift, float factor) {
  for (std::int64_t c = 0; c < row.count; c += kWidth) {
    const std::int64_t count = row.count - c;
    store(row.scores + c, exp(load(row.scores + c, count) * row.scale - shift) * factor, count);
  }
}

LIQUID_KERNEL void scale(float* row, std::int64_t count, float factor) {
  for (std::int64_t c = 0; c < count; c += kWidth) {
    store(row + c, load(row + c, count - c) * factor, count - c);
  }
}

LIQUID_KERNEL void add(const float* from, std::int64_t count, float* to) {
  for (std::int64_t c = 0; c < count; c += kWidth) {
    store(to + c, load(to + c, count - c) + load(from + c, count - c), count - c);
  }
}

inline constexpr RowKernels kRowKernels = {
    .norm = &norm,
    .norm_gradient = &norm_gradient,
    .conv = &conv,
    .conv_gradient = &conv_gradient,
    .swiglu = &swiglu,
    .swiglu_gradient = &swiglu_gradient,
    .rope = &rope,
    .rope_gradient = &rope_gradient,
    .softmax = &softmax,
    .exponentials = &exponentials,
    .greatest = &greatest,
    .probabilities = &probabilities,
    .score_gradient = &score_gradient,
    .dot = &dot,
    .scale = &scale,
    .add = &add,
};

}  // namespace liquid::kernels::LIQUID_SIMD_NAMESPACE
