#include "lfm2/model/checkpoint.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "lfm2/layout.h"
#include "lfm2/model/device_nf4.h"

namespace liquid::lfm2 {
namespace {

std::optional<at::ScalarType> scalar_type(std::string_view dtype) {
  if (dtype == "F32") return at::kFloat;
  if (dtype == "BF16") return at::kBFloat16;
  if (dtype == "F16") return at::kHalf;
  if (dtype == "F64") return at::kDouble;
  return std::nullopt;
}

std::vector<std::int64_t> sizes_of(const formats::TensorEntry& entry) {
  return {entry.shape.begin(), entry.shape.end()};
}

// Fills a network tensor by tensor. The first error stays; what is loaded after it is empty.
class NetworkLoader {
 public:
  NetworkLoader(LoadedNetwork& loaded, const LoadOptions& options)
      : loaded_(loaded), options_(options) {}

  Result<void> load(const Lfm2Config& config) {
    // Linear modules point to nothing here, but tests and optimizers keep references to parameters.
    if (trained()) loaded_.parameters.reserve(expected_tensors(config).size());
    Network& network = loaded_.network;
    network.embedding = weight("model.embed_tokens.weight", Kind::table);
    for (std::size_t i = 0; i < config.layers.size(); ++i) {
      prefix_ = "model.layers." + std::to_string(i) + ".";
      network.layers.push_back(layer(config, config.layers[i]));
    }
    prefix_.clear();
    network.final_norm = norm("model.embedding_norm.weight");
    if (config.head == Lfm2Config::Head::own) {
      network.own_head = weight("lm_head.weight", Kind::table);
    }
    if (error_) return *std::move(error_);
    return {};
  }

 private:
  enum class Kind { linear, table };

  bool trained() const { return options_.trainable == Trainable::everything; }

  Layer layer(const Lfm2Config& config, LayerKind kind) {
    Layer layer;
    layer.kind = kind;
    layer.operator_norm = norm("operator_norm.weight");
    switch (kind) {
      case LayerKind::conv: layer.conv = conv(config); break;
      case LayerKind::attention: layer.attention = attention(); break;
    }
    layer.ffn_norm = norm("ffn_norm.weight");
    layer.feed_forward.w1 = linear("feed_forward.w1");
    layer.feed_forward.w3 = linear("feed_forward.w3");
    layer.feed_forward.w2 = linear("feed_forward.w2");
    return layer;
  }

  ConvBlock conv(const Lfm2Config& config) {
    const bool biased = config.conv_bias == Lfm2Config::ConvBias::present;
    ConvBlock block;
    block.in_proj = linear("conv.in_proj");
    if (biased) add_bias(block.in_proj, "conv.in_proj.bias");
    const Norm kernel = norm("conv.conv.weight");
    block.conv.kernel = as_matrix(kernel.weight);
    block.conv.kernel_gradient = as_matrix(kernel.gradient);
    if (biased) {
      const Norm bias = norm("conv.conv.bias");
      block.conv.bias = bias.weight;
      block.conv.bias_gradient = bias.gradient;
    }
    block.out_proj = linear("conv.out_proj");
    if (biased) add_bias(block.out_proj, "conv.out_proj.bias");
    return block;
  }

  AttentionBlock attention() {
    AttentionBlock block;
    block.q_proj = linear("self_attn.q_proj");
    block.k_proj = linear("self_attn.k_proj");
    block.v_proj = linear("self_attn.v_proj");
    block.q_norm = norm("self_attn.q_layernorm.weight");
    block.k_norm = norm("self_attn.k_layernorm.weight");
    block.out_proj = linear("self_attn.out_proj");
    return block;
  }

  Linear linear(const std::string& module) {
    Linear linear;
    linear.path = prefix_ + module;
    linear.weight = weight(module + ".weight", Kind::linear);
    return linear;
  }

  void add_bias(Linear& linear, const std::string& name) {
    const Norm bias = norm(name);
    linear.bias = bias.weight;
    linear.bias_gradient = bias.gradient;
  }

  static at::Tensor as_matrix(const at::Tensor& kernel) {
    return kernel.defined() ? kernel.view({kernel.size(0), -1}) : kernel;
  }

  // Any small tensor: float32 on the device, whatever it is stored in.
  Norm norm(const std::string& name) {
    const at::Tensor stored = read(prefix_ + name);
    if (!stored.defined()) return {};
    if (trained()) {
      const Parameter& parameter = add_parameter(prefix_ + name, stored);
      return {parameter.value, parameter.gradient};
    }
    return {own_copy(stored, at::kFloat), {}};
  }

  Weight weight(const std::string& name, Kind kind) {
    const at::Tensor stored = read(prefix_ + name);
    if (!stored.defined()) return {};
    Weight weight;
    weight.rows = stored.size(0);
    weight.cols = stored.size(1);
    const bool quantized =
        options_.storage == FrozenStorage::nf4 || options_.storage == FrozenStorage::nf4_double;
    if (trained()) {
      const Parameter& parameter = add_parameter(prefix_ + name, stored);
      weight.dense = parameter.value;
      weight.gradient = parameter.gradient;
    } else if (quantized && kind == Kind::linear) {
      quantize(stored, weight);
    } else {
      weight.dense = dense(stored);
    }
    const bool lies_in_the_file =
        weight.dense.defined() && weight.dense.const_data_ptr() == stored.const_data_ptr();
    if (!lies_in_the_file) forget(prefix_ + name);
    return weight;
  }

  at::Tensor dense(const at::Tensor& stored) const {
    at::ScalarType type = stored.scalar_type();
    if (type == at::kDouble || options_.storage == FrozenStorage::f32) type = at::kFloat;
    if (options_.storage == FrozenStorage::bf16) type = at::kBFloat16;
    // ATen multiplies numbers of one type only: better to convert once than in each product.
    if (options_.activations != at::kFloat) type = options_.activations;
    return stored.to(options_.device, type);
  }

  void quantize(const at::Tensor& stored, Weight& weight) const {
    const at::Tensor wide = stored.to(at::kFloat).contiguous();
    const std::span values(wide.const_data_ptr<float>(), static_cast<std::size_t>(wide.numel()));
    const auto scales = options_.storage == FrozenStorage::nf4_double
                            ? kernels::ScaleStorage::double_quantized
                            : kernels::ScaleStorage::plain;
    auto quantized = std::make_shared<kernels::Nf4Weight>(
        kernels::nf4_quantize(values, weight.rows, weight.cols, {.block = 64, .scales = scales}));
    switch (options_.engine) {
      case Engine::kernels: weight.quantized = std::move(quantized); break;
      case Engine::aten: weight.device_quantized = to_device(*quantized, options_.device); break;
    }
  }

  at::Tensor own_copy(const at::Tensor& stored, at::ScalarType type) const {
    return stored.to(options_.device, type, /*non_blocking=*/false, /*copy=*/true);
  }

  const Parameter& add_parameter(const std::string& name, const at::Tensor& stored) {
    const at::Tensor value = own_copy(stored, at::kFloat);
    return loaded_.parameters.emplace_back(Parameter{name, value, at::zeros_like(value)});
  }

  at::Tensor read(const std::string& name) {
    if (error_) return {};
    auto view = loaded_.files.tensor(name);
    Result<at::Tensor> tensor =
        view ? host_tensor(*view) : Result<at::Tensor>(std::move(view).error());
    if (tensor) return *std::move(tensor);
    error_ = std::move(tensor).error();
    return {};
  }

  void forget(const std::string& name) {
    if (const auto view = loaded_.files.tensor(name)) loaded_.files.forget(*view);
  }

  LoadedNetwork& loaded_;
  const LoadOptions& options_;
  std::string prefix_;
  std::optional<Error> error_;
};

}  // namespace

Result<at::Tensor> host_tensor(const formats::TensorView& view) {
  const auto type = scalar_type(view.entry->dtype);
  if (!type) {
    return Error{ErrorCode::unsupported, "tensor " + view.entry->name + " is stored as " +
                                             view.entry->dtype +
                                             "; expected F32, BF16, F16 or F64"};
  }
  const std::vector<std::int64_t> sizes = sizes_of(*view.entry);
  const auto address = reinterpret_cast<std::uintptr_t>(view.bytes.data());
  if (!view.bytes.empty() && address % c10::elementSize(*type) == 0) {
    // Mapped without leave to write: nothing writes to a frozen weight.
    void* data = const_cast<std::byte*>(view.bytes.data());
    return at::from_blob(data, sizes, at::TensorOptions(*type));
  }
  at::Tensor copy = at::empty(sizes, *type);
  if (!view.bytes.empty()) {
    std::memcpy(copy.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
  }
  return copy;
}

Result<LoadedNetwork> load_network(const std::filesystem::path& folder, const Lfm2Config& config,
                                   const LoadOptions& options) {
  auto files = formats::TensorFolder::open(folder);
  if (!files) return std::move(files).error();
  if (auto fits = check_tensors(config, files->tensors()); !fits) {
    return std::move(fits).error().with_context(folder.string());
  }
  LoadedNetwork loaded{*std::move(files), {}, {}};
  if (auto result = NetworkLoader(loaded, options).load(config); !result) {
    return std::move(result).error().with_context(folder.string());
  }
  return loaded;
}

}  // namespace liquid::lfm2
