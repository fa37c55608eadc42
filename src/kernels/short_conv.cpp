#include "kernels/short_conv.h"

#include <algorithm>
#include <vector>

#include "kernels/documents.h"
#include "kernels/partial_sums.h"
#include "kernels/row_kernels.h"

namespace liquid::kernels {
namespace {

// The checkpoint's [H, K], last tap = current position, as [K, H], first row = current position:
// vectors run over channels.
std::vector<float> taps_by_age(const ShortConv& conv, std::int64_t channels) {
  std::vector<float> taps(static_cast<std::size_t>(conv.taps * channels));
  for (std::int64_t j = 0; j < conv.taps; ++j) {
    for (std::int64_t c = 0; c < channels; ++c) {
      taps[static_cast<std::size_t>(j * channels + c)] =
          conv.kernel[c * conv.taps + conv.taps - 1 - j];
    }
  }
  return taps;
}

}  // namespace

void short_conv(Team& team, const ShortConv& conv, Borders borders, ConstMatrix bcx, Matrix y) {
  const RowKernels& kernels = row_kernels(team.isa());
  const std::vector<float> taps = taps_by_age(conv, y.cols);
  team.run_rows(bcx.rows, PartialSums::kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      kernels.conv({.bcx = bcx.row(t),
                    .stride = bcx.stride,
                    .channels = y.cols,
                    .taps = taps.data(),
                    .bias = conv.bias,
                    .past = std::min(t - document_of(borders, t).begin, conv.taps - 1),
                    .y = y.row(t)});
    }
  });
}

void short_conv_backward(Team& team, const ShortConv& conv, Borders borders,
                         const ShortConvGradient& gradient) {
  const RowKernels& kernels = row_kernels(team.isa());
  const std::int64_t channels = gradient.dy.cols;
  const std::int64_t rows = gradient.dy.rows;
  const std::vector<float> taps = taps_by_age(conv, channels);
  const bool with_weights = gradient.dkernel != nullptr || gradient.dbias != nullptr;
  const std::int64_t tap_sums = conv.taps * channels;
  const PartialSums sums(team, with_weights ? rows : 0, tap_sums + channels);
  team.run_rows(rows, PartialSums::kGrain, [&](std::int64_t begin, std::int64_t end) {
    float* own = with_weights ? sums.of(begin) : nullptr;
    for (std::int64_t t = begin; t < end; ++t) {
      const Document document = document_of(borders, t);
      kernels.conv_gradient({.bcx = gradient.bcx.row(t),
                             .stride = gradient.bcx.stride,
                             .channels = channels,
                             .taps = taps.data(),
                             .bias = conv.bias,
                             .past = std::min(t - document.begin, conv.taps - 1),
                             .future = std::min(document.end - 1 - t, conv.taps - 1),
                             .dy = gradient.dy.row(t),
                             .dy_stride = gradient.dy.stride,
                             .dbcx = gradient.dbcx.row(t),
                             .dtaps = own,
                             .dbias = own == nullptr ? nullptr : own + tap_sums});
    }
  });
  if (gradient.dbias != nullptr) sums.finish(tap_sums, channels, gradient.dbias);
  if (gradient.dkernel == nullptr) return;
  std::vector<float> dtaps(static_cast<std::size_t>(tap_sums));
  sums.finish(0, tap_sums, dtaps.data());
  for (std::int64_t j = 0; j < conv.taps; ++j) {
    for (std::int64_t c = 0; c < channels; ++c) {
      gradient.dkernel[c * conv.taps + conv.taps - 1 - j] +=
          dtaps[static_cast<std::size_t>(j * channels + c)];
    }
  }
}

void short_conv_step(const ShortConv& conv, ConstMatrix bcx, float* state, Matrix y) {
  const std::int64_t channels = y.cols;
  const std::int64_t kept = conv.taps - 1;
  for (std::int64_t t = 0; t < bcx.rows; ++t) {
    const float* b = bcx.row(t);
    const float* gate = b + channels;
    const float* x = gate + channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float now = b[c] * x[c];
      const float* taps = conv.kernel + c * conv.taps;
      float v = taps[kept] * now + (conv.bias != nullptr ? conv.bias[c] : 0.0F);
      for (std::int64_t j = 0; j < kept; ++j) v += taps[j] * state[j * channels + c];
      y.row(t)[c] = gate[c] * v;
      for (std::int64_t j = 0; j + 1 < kept; ++j) {
        state[j * channels + c] = state[(j + 1) * channels + c];
      }
      if (kept > 0) state[(kept - 1) * channels + c] = now;
    }
  }
}

}  // namespace liquid::kernels
