#include "kernels/adamw.h"

#include <algorithm>
#include <cmath>
#include <vector>

// This file is compiled without contraction (a·b + c in one rounding), so that a step has the same
// bits on every processor. It is bound by memory; wider vectors would not help.
namespace liquid::kernels {
namespace {

constexpr std::int64_t kGrain = 1 << 14;

struct Factors {
  float gradient_scale;
  float decay;  // 1 − lr · decay
  float lerp;   // 1 − β1
  float beta2;
  float rest2;  // 1 − β2
  float root;   // √(1 − β2^step)
  float eps;
  float step_size;  // −lr / (1 − β1^step)
};

Factors factors_of(const AdamW& options, std::int64_t step) {
  const auto steps = static_cast<double>(step);
  const double correction1 = 1 - std::pow(options.beta1, steps);
  const double correction2 = 1 - std::pow(options.beta2, steps);
  return {.gradient_scale = options.gradient_scale,
          .decay = static_cast<float>(1 - options.learning_rate * options.weight_decay),
          .lerp = static_cast<float>(1 - options.beta1),
          .beta2 = static_cast<float>(options.beta2),
          .rest2 = static_cast<float>(1 - options.beta2),
          .root = static_cast<float>(std::sqrt(correction2)),
          .eps = static_cast<float>(options.eps),
          .step_size = static_cast<float>(-options.learning_rate / correction1)};
}

void step_range(const Factors& f, const AdamWTensor& tensor, std::size_t begin, std::size_t end) {
  float* p = tensor.value.data();
  const float* gradient = tensor.gradient.data();
  float* m = tensor.m.data();
  float* v = tensor.v.data();
  for (std::size_t i = begin; i < end; ++i) {
    const float g = gradient[i] * f.gradient_scale;
    const float decayed = p[i] * f.decay;
    const float first = m[i] + f.lerp * (g - m[i]);
    const float second = v[i] * f.beta2 + f.rest2 * g * g;
    const float denominator = std::sqrt(second) / f.root + f.eps;
    m[i] = first;
    v[i] = second;
    p[i] = decayed + f.step_size * first / denominator;
  }
}

}  // namespace

void adamw_step(Team& team, const AdamW& options, const AdamWTensor& tensor, std::int64_t step) {
  const Factors factors = factors_of(options, step);
  team.run_rows(std::ssize(tensor.value), kGrain, [&](std::int64_t begin, std::int64_t end) {
    step_range(factors, tensor, static_cast<std::size_t>(begin), static_cast<std::size_t>(end));
  });
}

double sum_of_squares(Team& team, std::span<const float> values) {
  const std::int64_t count = std::ssize(values);
  std::vector<double> parts(static_cast<std::size_t>((count + kGrain - 1) / kGrain));
  team.run_rows(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    double sum[8] = {};
    std::int64_t i = begin;
    for (; i + 8 <= end; i += 8) {
      for (std::int64_t j = 0; j < 8; ++j) {
        const auto x = static_cast<double>(values[static_cast<std::size_t>(i + j)]);
        sum[j] += x * x;
      }
    }
    for (; i < end; ++i) {
      const auto x = static_cast<double>(values[static_cast<std::size_t>(i)]);
      sum[0] += x * x;
    }
    parts[static_cast<std::size_t>(begin / kGrain)] =
        ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
  });
  double total = 0;
  for (const double part : parts) total += part;
  return total;
}

}  // namespace liquid::kernels
