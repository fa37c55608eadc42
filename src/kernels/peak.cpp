#include "kernels/peak.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/convert.h"
#include "kernels/gemm.h"
#include "kernels/gemm_kernels.h"
#include "kernels/nf4.h"

namespace liquid::kernels {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

/// Rate of the fastest of the trials that fit the time.
template <class Trial>
double best_rate(std::chrono::duration<double> budget, double operations, Trial trial) {
  const auto start = SteadyClock::now();
  double best = 0;
  for (int i = 0; i < 2 || seconds_since(start) < budget.count(); ++i) {
    const auto begin = SteadyClock::now();
    trial();
    best = std::max(best, operations / seconds_since(begin));
  }
  return best;
}

constexpr std::int64_t kRows = 448;  // 32 panels of 14
constexpr std::int64_t kIn = 512;
constexpr std::int64_t kOut = 1024;

double gemm_rate(Team& team, std::chrono::duration<double> budget, const WeightView& weight) {
  const std::vector<float> x(kRows * kIn, 0.5F);
  std::vector<float> y(kRows * kOut);
  const std::array parts = {ForwardPart{.weight = weight, .y = dense(y.data(), kRows, kOut)}};
  return best_rate(budget, 2.0 * kRows * kIn * kOut,
                   [&] { linear_forward(team, dense(x.data(), kRows, kIn), parts); });
}

}  // namespace

MachinePeak measure_peak(Team& team, std::chrono::milliseconds budget) {
  const std::chrono::duration<double> share = budget / 4.0;
  const GemmKernels& kernels = gemm_kernels(team.isa());
  constexpr std::int64_t kTurns = 1 << 14;
  const double operations = static_cast<double>(kTurns * kernels.flops_per_turn * team.threads());
  MachinePeak peak;
  peak.fma = best_rate(share, operations, [&] {
    team.run(team.threads(), [&](std::int64_t, int) { kernels.multiply_add(kTurns); });
  });
  std::vector<float> weight(kIn * kOut);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<float>(i % 17) - 8.0F;
  std::vector<std::uint16_t> narrow(weight.size());
  f32_to_bf16(weight, narrow);
  const Nf4Weight quantized = nf4_quantize(weight, kOut, kIn, {});
  peak.gemm_f32 = gemm_rate(team, share, weight_f32(weight.data(), kOut, kIn));
  peak.gemm_bf16 = gemm_rate(team, share, weight_bf16(narrow.data(), kOut, kIn));
  peak.gemm_nf4 = gemm_rate(team, share, quantized.view());
  return peak;
}

}  // namespace liquid::kernels
