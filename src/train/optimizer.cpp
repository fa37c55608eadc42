#include "train/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "kernels/adamw.h"

namespace liquid::train {
namespace {

std::span<float> values_of(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

// Vectors are norm weights and biases; shrinking those pulls the model towards nothing useful.
bool is_matrix(const lfm2::Parameter& parameter) { return parameter.value.dim() >= 2; }

}  // namespace

Optimizer::Optimizer(std::span<lfm2::Parameter> parameters, const OptimizerSettings& settings,
                     Group group, kernels::Team& team)
    : parameters_(parameters), settings_(settings), team_(team) {
  for (const lfm2::Parameter& parameter : parameters_) {
    moments_.push_back({at::zeros_like(parameter.value), at::zeros_like(parameter.value)});
    decays_.push_back(group == Group::adapter || settings.decay_on == DecayOn::everything ||
                      is_matrix(parameter));
  }
}

double Optimizer::gradient_norm() const {
  double squares = 0;
  for (const lfm2::Parameter& parameter : parameters_) {
    if (parameter.gradient.is_cpu()) {
      squares += kernels::sum_of_squares(team_, values_of(parameter.gradient));
    } else {
      const double norm = at::linalg_vector_norm(parameter.gradient).item<double>();
      squares += norm * norm;
    }
  }
  return std::sqrt(squares);
}

double Optimizer::clip_scale(double norm, double most) {
  return most > 0 ? std::min(1.0, most / (norm + 1e-6)) : 1.0;
}

void Optimizer::step(double learning_rate, double gradient_scale) {
  const at::NoGradGuard no_graph;
  ++steps_;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].value.is_cpu()) {
      step_on_cpu(i, learning_rate, gradient_scale);
    } else {
      step_on_device(i, learning_rate, gradient_scale);
    }
  }
}

void Optimizer::step_on_cpu(std::size_t index, double learning_rate, double gradient_scale) {
  const kernels::AdamW options{.learning_rate = learning_rate,
                               .beta1 = settings_.beta1,
                               .beta2 = settings_.beta2,
                               .eps = settings_.eps,
                               .weight_decay = decay_of(index),
                               .gradient_scale = static_cast<float>(gradient_scale)};
  kernels::adamw_step(team_, options,
                      {.value = values_of(parameters_[index].value),
                       .gradient = values_of(parameters_[index].gradient),
                       .m = values_of(moments_[index].mean),
                       .v = values_of(moments_[index].square)},
                      steps_);
}

// The same formula (kernels/adamw.h) in ATen's operations.
void Optimizer::step_on_device(std::size_t index, double learning_rate, double gradient_scale) {
  at::Tensor& value = parameters_[index].value;
  Moments& moments = moments_[index];
  const at::Tensor gradient = gradient_scale == 1.0
                                  ? parameters_[index].gradient
                                  : parameters_[index].gradient.mul(gradient_scale);
  const auto count = static_cast<double>(steps_);
  const double first = 1.0 - std::pow(settings_.beta1, count);
  const double second = std::sqrt(1.0 - std::pow(settings_.beta2, count));
  value.mul_(1.0 - learning_rate * decay_of(index));
  moments.mean.lerp_(gradient, 1.0 - settings_.beta1);
  moments.square.mul_(settings_.beta2).addcmul_(gradient, gradient, 1.0 - settings_.beta2);
  const at::Tensor scale = moments.square.sqrt().div_(second).add_(settings_.eps);
  value.addcdiv_(moments.mean, scale, -learning_rate / first);
}

}  // namespace liquid::train
