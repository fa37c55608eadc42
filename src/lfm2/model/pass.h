#pragma once

#include <span>
#include <vector>

#include "lfm2/batch.h"
#include "lfm2/model/layer_pass.h"
#include "lfm2/model/network.h"

namespace liquid::lfm2 {

/// Which rows of the final residual stream predict a label, and which.
struct HeadRows {
  std::vector<std::int64_t> positions;
  std::vector<std::int64_t> labels;
};
HeadRows head_rows(const Batch& batch);
Sequence sequence_of(const Batch& batch);

struct TrainingPass {
  const Batch* batch = nullptr;
  Reach reach;
  float scale = 1;
  enum class Keep { activations, layer_inputs } keep = Keep::activations;
};

/// Forward and backward; adds to the gradients of what is trained.
TokenLoss train_pass(const Pass& pass, const Network& network, const TrainingPass& training);

/// Forward only.
TokenLoss loss_pass(const Pass& pass, const Network& network, const Batch& batch);

struct PassOutputs {
  at::Tensor logits;               ///< (T, V)
  std::vector<at::Tensor> hidden;  ///< see Outputs in model.h
};
PassOutputs output_pass(const Pass& pass, const Network& network, const Batch& batch);

}  // namespace liquid::lfm2
