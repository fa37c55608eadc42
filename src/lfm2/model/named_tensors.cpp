#include "lfm2/model/named_tensors.h"

#include <ATen/ops/empty.h>

#include <map>
#include <span>
#include <utility>
#include <variant>

#include "lfm2/model/device_nf4.h"

namespace liquid::lfm2 {
namespace {

using Place = std::variant<const Weight*, at::Tensor>;

// Collects where each tensor of a network is.
class Places {
 public:
  explicit Places(const Network& network) {
    add("model.embed_tokens.weight", network.embedding);
    add("lm_head.weight", network.head());
    add("model.embedding_norm.weight", network.final_norm.weight);
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      add_layer(network.layers[i], "model.layers." + std::to_string(i) + ".");
    }
  }

  const Place* find(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : &found->second;
  }

 private:
  void add(const std::string& name, const Weight& weight) { places_.emplace(name, &weight); }
  void add(const std::string& name, const at::Tensor& tensor) {
    if (tensor.defined()) places_.emplace(name, tensor);
  }
  void add(const Linear& linear) {
    add(linear.path + ".weight", linear.weight);
    add(linear.path + ".bias", linear.bias);
  }

  void add_layer(const Layer& layer, const std::string& prefix) {
    add(prefix + "operator_norm.weight", layer.operator_norm.weight);
    add(prefix + "ffn_norm.weight", layer.ffn_norm.weight);
    const FeedForward& block = layer.feed_forward;
    for (const Linear* linear : {&block.w1, &block.w2, &block.w3}) add(*linear);
    switch (layer.kind) {
      case LayerKind::conv: add_conv(layer.conv, prefix); break;
      case LayerKind::attention: add_attention(layer.attention, prefix); break;
    }
  }

  void add_conv(const ConvBlock& block, const std::string& prefix) {
    add(block.in_proj);
    add(block.out_proj);
    add(prefix + "conv.conv.weight", block.conv.kernel.unsqueeze(1));
    add(prefix + "conv.conv.bias", block.conv.bias);
  }

  void add_attention(const AttentionBlock& block, const std::string& prefix) {
    for (const Linear* linear : {&block.q_proj, &block.k_proj, &block.v_proj, &block.out_proj}) {
      add(*linear);
    }
    add(prefix + "self_attn.q_layernorm.weight", block.q_norm.weight);
    add(prefix + "self_attn.k_layernorm.weight", block.k_norm.weight);
  }

  std::map<std::string, Place> places_;
};

at::Tensor host_copy(const at::Tensor& tensor) {
  return tensor.to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor host_copy(const Weight& weight) {
  if (weight.dense.defined()) return host_copy(weight.dense);
  if (!weight.quantized) {
    return host_copy(dequantize(weight.device_quantized, weight.rows, weight.cols));
  }
  at::Tensor wide = at::empty({weight.rows, weight.cols}, at::kFloat);
  kernels::dequantize(weight.view(), std::span(wide.mutable_data_ptr<float>(),
                                               static_cast<std::size_t>(wide.numel())));
  return wide;
}

}  // namespace

std::optional<at::Tensor> named_tensor(const Network& network, const std::string& name) {
  const Places places(network);
  const Place* place = places.find(name);
  if (place == nullptr) return std::nullopt;
  if (const auto* weight = std::get_if<const Weight*>(place)) return host_copy(**weight);
  return host_copy(std::get<at::Tensor>(*place));
}

}  // namespace liquid::lfm2
