#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lfm2/batch.h"
#include "lfm2/model/model.h"

namespace liquid::train {

/// What the loop trains: tensors, and a loss over packed sequences. One thread at a time.
class Trainee {
 public:
  virtual ~Trainee() = default;
  /// The trained tensors; their order never changes.
  virtual std::span<lfm2::Parameter> parameters() = 0;
  virtual void zero_gradients() = 0;
  /// Forward and backward pass; adds to the gradients. Errors: those of lfm2::Model::accumulate.
  virtual Result<lfm2::Loss> accumulate(const lfm2::Batch& batch,
                                        const lfm2::Accumulation& how) = 0;
  /// Forward pass only.
  virtual Result<lfm2::Loss> evaluate(const lfm2::Batch& batch) = 0;
};

/// The real one. The model is borrowed.
class ModelTrainee final : public Trainee {
 public:
  explicit ModelTrainee(lfm2::Model& model) : model_(model) {}
  std::span<lfm2::Parameter> parameters() override { return model_.parameters(); }
  void zero_gradients() override { model_.zero_gradients(); }
  Result<lfm2::Loss> accumulate(const lfm2::Batch& batch, const lfm2::Accumulation& how) override {
    return model_.accumulate(batch, how);
  }
  Result<lfm2::Loss> evaluate(const lfm2::Batch& batch) override { return model_.evaluate(batch); }

 private:
  lfm2::Model& model_;
};

/// Writes sample texts at each evaluation.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// Prompts and what the model made of them.
  virtual Result<std::vector<std::pair<std::string, std::string>>> write() = 0;
};

}  // namespace liquid::train
