#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/team.h"
#include "lfm2/model/model.h"
#include "train/settings.h"

namespace liquid::train {

/// What AdamW remembers of one tensor: running means of its gradient and of its square.
struct Moments {
  at::Tensor mean;
  at::Tensor square;
};

/// AdamW with decoupled weight decay, each operation rounded to fp32 in the order of PyTorch's.
/// Parameters and team are borrowed. One thread at a time.
class Optimizer {
 public:
  enum class Group { adapter, whole_model };

  /// In an adapter every tensor decays; of a whole model those that `settings.decay_on` says.
  Optimizer(std::span<lfm2::Parameter> parameters, const OptimizerSettings& settings, Group group,
            kernels::Team& team);

  /// Norm of all gradients together, as one vector.
  double gradient_norm() const;
  /// Changes the parameters. The gradients count as multiplied by `gradient_scale`; they are not
  /// changed.
  void step(double learning_rate, double gradient_scale);

  /// What `clip` does with a norm: min(1, most / (norm + 1e-6)); 1 when `most` is 0.
  static double clip_scale(double norm, double most);

  std::span<lfm2::Parameter> parameters() const { return parameters_; }
  /// In the order of the parameters.
  std::span<const Moments> moments() const { return moments_; }
  std::span<Moments> moments() { return moments_; }
  std::int64_t steps() const { return steps_; }
  /// After the moments were filled from a checkpoint.
  void resume_after(std::int64_t steps) { steps_ = steps; }
  /// Whether weight decay shrinks this parameter.
  bool decays(std::size_t index) const { return decays_.at(index); }

 private:
  void step_on_cpu(std::size_t index, double learning_rate, double gradient_scale);
  void step_on_device(std::size_t index, double learning_rate, double gradient_scale);
  double decay_of(std::size_t index) const { return decays_[index] ? settings_.weight_decay : 0; }

  std::span<lfm2::Parameter> parameters_;
  OptimizerSettings settings_;
  kernels::Team& team_;
  std::vector<Moments> moments_;
  std::vector<bool> decays_;
  std::int64_t steps_ = 0;
};

}  // namespace liquid::train
