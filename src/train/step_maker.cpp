#include "train/step_maker.h"

#include <array>
#include <cmath>
#include <string>

namespace liquid::train {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

Error not_finite(const std::string& what, double value) {
  return {ErrorCode::data_corrupt,
          "the " + what + " is " + (std::isnan(value) ? "not a number" : "infinite") +
              "; try a smaller learning rate or a longer warm-up, and look for broken rows in the "
              "data (the weights of before this step are kept)"};
}

}  // namespace

std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t a, std::uint64_t b) {
  return mix(mix(mix(seed) ^ a) ^ b);
}

Result<StepOutcome> StepMaker::make(std::span<const lfm2::Batch> micro_batches, const Rate& rate) {
  StepOutcome outcome;
  for (const lfm2::Batch& batch : micro_batches) {
    outcome.trained_tokens += batch.trained_tokens();
    outcome.positions += static_cast<std::int64_t>(batch.input_ids.size());
  }
  // Nothing to learn from is no step: weight decay and momentum alone would move the weights.
  if (outcome.trained_tokens == 0) return outcome;
  const double scale = 1.0 / static_cast<double>(outcome.trained_tokens);
  const auto sum = accumulate(micro_batches, scale, rate.seed);
  // Said to the others before leaving: they would wait for this process.
  std::array<double, 2> shared{sum ? *sum : 0.0, sum ? 0.0 : 1.0};
  if (auto done = group_.sum(shared); !done) return std::move(done).error();
  if (!sum) return sum.error();
  if (shared[1] > 0) return Error{ErrorCode::unavailable, "another process of this job failed"};
  outcome.loss = shared[0] * scale;
  if (!std::isfinite(outcome.loss)) return not_finite("loss", outcome.loss);
  if (auto done = share_gradients(); !done) return std::move(done).error();
  outcome.gradient_norm = optimizer_.gradient_norm();
  if (!std::isfinite(outcome.gradient_norm)) return not_finite("gradient", outcome.gradient_norm);
  optimizer_.step(rate.learning_rate, Optimizer::clip_scale(outcome.gradient_norm, max_grad_norm_));
  return outcome;
}

Result<double> StepMaker::accumulate(std::span<const lfm2::Batch> micro_batches, double scale,
                                     std::uint64_t seed) {
  trainee_.zero_gradients();
  const auto stride = static_cast<std::size_t>(group_.size());
  double sum = 0;
  for (auto i = static_cast<std::size_t>(group_.rank()); i < micro_batches.size(); i += stride) {
    const auto loss = trainee_.accumulate(micro_batches[i], {scale, mixed_seed(seed, i, 0)});
    if (!loss) return loss.error();
    sum += loss->sum;
  }
  return sum;
}

Result<void> StepMaker::share_gradients() {
  if (group_.size() == 1) return {};
  std::vector<at::Tensor> gradients;
  for (lfm2::Parameter& parameter : optimizer_.parameters()) {
    gradients.push_back(parameter.gradient);
  }
  return group_.sum(gradients);
}

}  // namespace liquid::train
