#include "lfm2/model/network.h"

namespace liquid::lfm2 {

std::vector<Linear*> Layer::linears() {
  std::vector<Linear*> all;
  switch (kind) {
    case LayerKind::conv: all = {&conv.in_proj, &conv.out_proj}; break;
    case LayerKind::attention:
      all = {&attention.q_proj, &attention.k_proj, &attention.v_proj, &attention.out_proj};
      break;
  }
  for (Linear* linear : {&feed_forward.w1, &feed_forward.w3, &feed_forward.w2}) {
    all.push_back(linear);
  }
  return all;
}

bool Layer::operator_trained() const {
  if (operator_norm.gradient.defined()) return true;
  switch (kind) {
    case LayerKind::conv: return conv.in_proj.trained() || conv.out_proj.trained();
    case LayerKind::attention:
      return attention.q_proj.trained() || attention.k_proj.trained() ||
             attention.v_proj.trained() || attention.out_proj.trained();
  }
  return false;
}

bool Layer::feed_forward_trained() const {
  return ffn_norm.gradient.defined() || feed_forward.w1.trained() || feed_forward.w2.trained() ||
         feed_forward.w3.trained();
}

std::vector<Linear*> Network::linears() {
  std::vector<Linear*> all;
  for (Layer& layer : layers) {
    for (Linear* linear : layer.linears()) all.push_back(linear);
  }
  return all;
}

Reach reach_of(const Network& network) {
  if (network.embedding.gradient.defined()) return {0, Reach::Within::below_the_layer};
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const auto layer = static_cast<std::int64_t>(i);
    if (network.layers[i].operator_trained()) return {layer, Reach::Within::all_of_the_layer};
    if (network.layers[i].feed_forward_trained()) return {layer, Reach::Within::feed_forward};
  }
  return {static_cast<std::int64_t>(network.layers.size()), Reach::Within::feed_forward};
}

}  // namespace liquid::lfm2
