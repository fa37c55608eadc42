#include "kernels/cross_entropy.h"

#include <cmath>
#include <vector>

#include "kernels/row_kernels.h"

namespace liquid::kernels {
namespace {

constexpr std::int64_t kGrain = 4;  // rows of some ten thousand floats

struct RowLoss {
  double loss = 0;
  double log_sum = 0;  // log Σ e^logit
};

RowLoss row_loss(const RowKernels& kernels, ConstMatrix logits, std::int64_t r,
                 std::int64_t label) {
  const Softmax softmax = kernels.softmax(logits.row(r), logits.cols);
  const double log_sum = static_cast<double>(softmax.greatest) + std::log(softmax.sum);
  return {log_sum - static_cast<double>(logits.row(r)[label]), log_sum};
}

LossSum total(const std::vector<double>& losses, std::span<const std::int64_t> labels) {
  LossSum sum;
  for (std::size_t r = 0; r < losses.size(); ++r) {
    if (labels[r] == kIgnoredLabel) continue;
    sum.loss += losses[r];
    ++sum.count;
  }
  return sum;
}

}  // namespace

LossSum cross_entropy(Team& team, ConstMatrix logits, std::span<const std::int64_t> labels) {
  const RowKernels& kernels = row_kernels(team.isa());
  std::vector<double> losses(static_cast<std::size_t>(logits.rows));
  team.run_rows(logits.rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int64_t label = labels[static_cast<std::size_t>(r)];
      if (label == kIgnoredLabel) continue;
      losses[static_cast<std::size_t>(r)] = row_loss(kernels, logits, r, label).loss;
    }
  });
  return total(losses, labels);
}

LossSum cross_entropy_gradient(Team& team, Matrix logits, std::span<const std::int64_t> labels,
                               float gradient_scale) {
  const RowKernels& kernels = row_kernels(team.isa());
  std::vector<double> losses(static_cast<std::size_t>(logits.rows));
  team.run_rows(logits.rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int64_t label = labels[static_cast<std::size_t>(r)];
      float* row = logits.row(r);
      if (label == kIgnoredLabel) {
        std::fill(row, row + logits.cols, 0.0F);
        continue;
      }
      const Softmax softmax = kernels.softmax(row, logits.cols);
      const double log_sum = static_cast<double>(softmax.greatest) + std::log(softmax.sum);
      losses[static_cast<std::size_t>(r)] = log_sum - static_cast<double>(row[label]);
      kernels.exponentials({.scores = row, .count = logits.cols}, softmax.greatest,
                           static_cast<float>(static_cast<double>(gradient_scale) / softmax.sum));
      row[label] -= gradient_scale;
    }
  });
  return total(losses, labels);
}

}  // namespace liquid::kernels
