#pragma once

#include <array>
#include <vector>

#include "lfm2/config.h"
#include "lfm2/model/ops.h"
#include "lfm2/model/weight.h"

namespace liquid::lfm2 {

struct ConvBlock {
  Linear in_proj;
  ConvWeights conv;
  Linear out_proj;
};

struct AttentionBlock {
  Linear q_proj;
  Linear k_proj;
  Linear v_proj;
  Norm q_norm;
  Norm k_norm;
  Linear out_proj;
};

struct FeedForward {
  Linear w1;  ///< gate
  Linear w3;  ///< up
  Linear w2;  ///< down
};

struct Layer {
  LayerKind kind = LayerKind::conv;
  Norm operator_norm;
  ConvBlock conv;            ///< when kind is conv
  AttentionBlock attention;  ///< when kind is attention
  Norm ffn_norm;
  FeedForward feed_forward;

  /// The linear modules of the operator, then those of the feed-forward part, in forward order.
  std::vector<Linear*> linears();
  bool operator_trained() const;
  bool feed_forward_trained() const;
};

/// The weights of a model. Not copied: tensors by name point into it.
struct Network {
  Weight embedding;
  Weight own_head;  ///< rows = 0: the head is tied
  Norm final_norm;
  std::vector<Layer> layers;

  const Weight& head() const { return own_head.rows > 0 ? own_head : embedding; }
  std::vector<Linear*> linears();
};

/// How far down a backward pass has to go.
struct Reach {
  /// Below it nothing is trained; the number of layers when only the head is, or nothing.
  std::int64_t layer = 0;
  enum class Within {
    feed_forward,
    all_of_the_layer,
    below_the_layer
  } within = Within::below_the_layer;
};
Reach reach_of(const Network& network);

}  // namespace liquid::lfm2
