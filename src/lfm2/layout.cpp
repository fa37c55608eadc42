#include "lfm2/layout.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace liquid::lfm2 {
namespace {

constexpr std::size_t kMaxListed = 20;

using Shape = std::vector<std::uint64_t>;

std::uint64_t size(std::int64_t value) { return static_cast<std::uint64_t>(value); }

/// Collects the tensors of one model. h = hidden, f = feed-forward width, H = all query heads,
/// G = all key or value heads, d = one head, K = kernel.
class LayoutBuilder {
 public:
  explicit LayoutBuilder(const Lfm2Config& config) : config_(config) {}

  std::vector<ExpectedTensor> build() && {
    const std::uint64_t h = size(config_.hidden_size);
    const std::uint64_t rows = size(config_.vocab_size);
    add("model.embed_tokens.weight", {rows, h}, TensorRole::embedding);
    for (layer_ = 0; layer_ < config_.num_layers(); ++layer_) add_layer(h);
    layer_ = kNoLayer;
    add("model.embedding_norm.weight", {h}, TensorRole::norm);
    add("lm_head.weight", {rows, h}, TensorRole::head);
    if (config_.head == Lfm2Config::Head::tied) {
      tensors_.back().presence = ExpectedTensor::Presence::may_be_absent;
    }
    return std::move(tensors_);
  }

 private:
  void add(std::string name, Shape shape, TensorRole role) {
    tensors_.push_back({.name = std::move(name),
                        .shape = std::move(shape),
                        .role = role,
                        .layer = layer_,
                        .presence = ExpectedTensor::Presence::required});
  }

  void add_in_layer(std::string_view name, Shape shape, TensorRole role) {
    add("model.layers." + std::to_string(layer_) + "." + std::string(name), std::move(shape), role);
  }

  void add_layer(std::uint64_t h) {
    const std::uint64_t f = size(config_.feed_forward_size);
    add_in_layer("operator_norm.weight", {h}, TensorRole::norm);
    if (config_.layers[static_cast<std::size_t>(layer_)] == LayerKind::conv) {
      add_conv(h);
    } else {
      add_attention(h);
    }
    add_in_layer("ffn_norm.weight", {h}, TensorRole::norm);
    add_in_layer("feed_forward.w1.weight", {f, h}, TensorRole::linear);
    add_in_layer("feed_forward.w3.weight", {f, h}, TensorRole::linear);
    add_in_layer("feed_forward.w2.weight", {h, f}, TensorRole::linear);
  }

  void add_conv(std::uint64_t h) {
    add_in_layer("conv.in_proj.weight", {3 * h, h}, TensorRole::linear);
    add_in_layer("conv.conv.weight", {h, 1, size(config_.conv_kernel)}, TensorRole::conv);
    add_in_layer("conv.out_proj.weight", {h, h}, TensorRole::linear);
    if (config_.conv_bias == Lfm2Config::ConvBias::absent) return;
    add_in_layer("conv.in_proj.bias", {3 * h}, TensorRole::bias);
    add_in_layer("conv.conv.bias", {h}, TensorRole::bias);
    add_in_layer("conv.out_proj.bias", {h}, TensorRole::bias);
  }

  void add_attention(std::uint64_t h) {
    const std::uint64_t queries = size(config_.query_size());   // H
    const std::uint64_t keys = size(config_.key_value_size());  // G
    const std::uint64_t head = size(config_.head_dim());        // d
    add_in_layer("self_attn.q_proj.weight", {queries, h}, TensorRole::linear);
    add_in_layer("self_attn.k_proj.weight", {keys, h}, TensorRole::linear);
    add_in_layer("self_attn.v_proj.weight", {keys, h}, TensorRole::linear);
    add_in_layer("self_attn.q_layernorm.weight", {head}, TensorRole::norm);
    add_in_layer("self_attn.k_layernorm.weight", {head}, TensorRole::norm);
    add_in_layer("self_attn.out_proj.weight", {h, queries}, TensorRole::linear);
  }

  const Lfm2Config& config_;
  std::int64_t layer_ = kNoLayer;
  std::vector<ExpectedTensor> tensors_;
};

std::string text_of(const Shape& shape) {
  std::string text = "[";
  for (const std::uint64_t length : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(length);
  }
  return text + "]";
}

/// "missing: a, b and 3 more", or nothing when the list is empty.
std::string list_of(const char* title, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string text = std::string("\n  ") + title + " (" + std::to_string(names.size()) + "): ";
  for (std::size_t i = 0; i < std::min(names.size(), kMaxListed); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMaxListed) {
    text += " and " + std::to_string(names.size() - kMaxListed) + " more";
  }
  return text;
}

using Available = std::map<std::string_view, const formats::TensorEntry*>;

/// Why every w1 is too wide or too narrow, when that is what is wrong.
std::string width_hint(const Lfm2Config& config, const Available& available) {
  const auto first = available.find("model.layers.0.feed_forward.w1.weight");
  if (first == available.end() || first->second->shape.size() != 2) return "";
  const std::uint64_t width = first->second->shape[0];
  if (width == size(config.feed_forward_size)) return "";
  return "\n  the configuration gives the feed-forward part a width of " +
         std::to_string(config.feed_forward_size) + " (block_ff_dim or intermediate_size, " +
         "after block_auto_adjust_ff_dim), the weights have " + std::to_string(width);
}

}  // namespace

std::uint64_t ExpectedTensor::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t length : shape) product *= length;
  return product;
}

std::vector<ExpectedTensor> expected_tensors(const Lfm2Config& config) {
  return LayoutBuilder(config).build();
}

ParameterCount count_parameters(const Lfm2Config& config) {
  ParameterCount count;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    if (tensor.presence == ExpectedTensor::Presence::may_be_absent) continue;
    switch (tensor.role) {
      case TensorRole::linear: count.linear += tensor.elements(); break;
      case TensorRole::embedding: count.embedding += tensor.elements(); break;
      case TensorRole::head: count.head += tensor.elements(); break;
      case TensorRole::norm: count.norm += tensor.elements(); break;
      case TensorRole::conv:
      case TensorRole::bias: count.conv += tensor.elements(); break;
    }
  }
  return count;
}

Lfm2Config with_width_of(Lfm2Config config, std::span<const formats::TensorEntry> available) {
  for (const formats::TensorEntry& tensor : available) {
    if (tensor.name != "model.layers.0.feed_forward.w1.weight" || tensor.shape.empty()) continue;
    if (config.older_feed_forward_size &&
        tensor.shape[0] == size(*config.older_feed_forward_size)) {
      config.feed_forward_size = *config.older_feed_forward_size;
    }
  }
  return config;
}

Result<void> check_tensors(const Lfm2Config& config,
                           std::span<const formats::TensorEntry> available) {
  Available by_name;
  for (const formats::TensorEntry& tensor : available) by_name.emplace(tensor.name, &tensor);
  std::vector<std::string> missing;
  std::vector<std::string> misshaped;
  Available extra = by_name;
  const std::vector<ExpectedTensor> expected = expected_tensors(config);
  for (const ExpectedTensor& tensor : expected) {
    extra.erase(tensor.name);
    const auto found = by_name.find(tensor.name);
    if (found == by_name.end()) {
      if (tensor.presence == ExpectedTensor::Presence::required) missing.push_back(tensor.name);
    } else if (found->second->shape != tensor.shape) {
      misshaped.push_back(tensor.name + " is " + text_of(found->second->shape) + ", expected " +
                          text_of(tensor.shape));
    }
  }
  if (missing.empty() && misshaped.empty() && extra.empty()) return {};
  std::vector<std::string> surplus;
  for (const auto& [name, tensor] : extra) surplus.emplace_back(name);
  return Error{ErrorCode::data_corrupt,
               "the tensors are not those of this configuration" + list_of("missing", missing) +
                   list_of("of another shape", misshaped) + list_of("not known", surplus) +
                   width_hint(config, by_name)};
}

}  // namespace liquid::lfm2
