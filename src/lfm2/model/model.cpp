#include "lfm2/model/model.h"

#include "lfm2/checkpoint_files.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>

#include <charconv>
#include <exception>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "lfm2/model/adapter_attach.h"
#include "lfm2/model/checkpoint.h"
#include "lfm2/model/decode.h"
#include "lfm2/model/named_tensors.h"
#include "lfm2/model/network.h"
#include "lfm2/model/ops.h"
#include "lfm2/model/pass.h"

namespace liquid::lfm2 {
namespace {

// LibTorch's border: its exceptions become errors here and nowhere else. In what our calls can
// raise after their arguments were checked, memory is the one normal failure.
Error error_of(const std::exception& failure) {
  std::string_view message = failure.what();
  if (const auto* ours = dynamic_cast<const c10::Error*>(&failure)) {
    message = ours->what_without_backtrace();
  }
  const bool memory = dynamic_cast<const std::bad_alloc*>(&failure) != nullptr ||
                      dynamic_cast<const c10::OutOfMemoryError*>(&failure) != nullptr ||
                      message.find("DefaultCPUAllocator") != std::string_view::npos;
  if (memory) {
    return {ErrorCode::resource_exhausted,
            "out of memory (fewer positions per step, recomputed layers or smaller weights need "
            "less): " +
                std::string(message)};
  }
  return {ErrorCode::internal, "LibTorch: " + std::string(message)};
}

template <typename Function>
auto guarded(Function function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& failure) {
    return error_of(failure);
  }
}

Result<at::Device> device_of(const std::string& name) {
  if (name == "cpu") return at::Device(at::kCPU);
  int index = 0;
  const bool plain = name == "cuda";
  if (!plain) {
    const std::string_view number =
        std::string_view(name).substr(std::min<std::size_t>(5, name.size()));
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (!name.starts_with("cuda:") || failed != std::errc() ||
        end != number.data() + number.size() || index < 0) {
      return Error{ErrorCode::invalid_argument,
                   "device is '" + name + "'; expected cpu, cuda or cuda:0, cuda:1, …"};
    }
  }
  const auto& cuda = at::detail::getCUDAHooks();
  const int count = cuda.hasCUDA() ? static_cast<int>(cuda.deviceCount()) : 0;
  if (index >= count) {
    return Error{ErrorCode::invalid_argument,
                 "device is '" + name + "', but LibTorch finds " + std::to_string(count) +
                     " CUDA devices (a CPU wheel of PyTorch finds none)"};
  }
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

Result<void> check_options(const ModelOptions& options) {
  const bool adapter = options.lora.has_value() || !options.adapter_folder.empty();
  const char* wrong = nullptr;
  if (options.lora && !options.adapter_folder.empty()) {
    wrong = "a new adapter and an adapter folder: one of them is possible";
  } else if (options.trainable == Trainable::adapter && !adapter) {
    wrong = "an adapter is to be trained, but there is none";
  } else if (options.trainable == Trainable::everything && adapter) {
    wrong = "all weights are to be trained: an adapter cannot be trained with them";
  } else if (options.trainable == Trainable::everything &&
             options.storage != FrozenStorage::as_stored) {
    wrong = "all weights are to be trained: none is frozen, so none can be stored otherwise";
  }
  if (wrong != nullptr) return Error{ErrorCode::invalid_argument, wrong};
  return {};
}

LoadOptions load_options(const ModelOptions& options, at::Device device) {
  LoadOptions load;
  load.device = device;
  load.activations = options.compute == ComputeType::bf16 ? at::kBFloat16 : at::kFloat;
  const bool kernels = device.is_cpu() && options.compute == ComputeType::f32 &&
                       options.arithmetic == ModelOptions::Arithmetic::kernels_where_possible;
  load.engine = kernels ? Engine::kernels : Engine::aten;
  load.storage = options.storage;
  load.trainable = options.trainable;
  return load;
}

Error id_out_of_range(std::int32_t id, std::int64_t vocabulary) {
  return {ErrorCode::invalid_argument,
          "token id " + std::to_string(id) + " is not in [0, " + std::to_string(vocabulary) + ")"};
}

}  // namespace

struct DecodeState::Body {
  Memory memory;
};
DecodeState::DecodeState(std::unique_ptr<Body> body) : body_(std::move(body)) {}
DecodeState::~DecodeState() = default;
std::int64_t DecodeState::length() const { return body_->memory.length; }

struct Model::Body {
  Lfm2Config config;
  ModelOptions options;
  LoadedNetwork loaded;
  std::optional<LoraSettings> lora;
  std::vector<Parameter> parameters;
  Reach reach;
  std::unique_ptr<Ops> ops;

  Result<void> attach_adapter(at::Device device);
  Pass pass(const Batch& batch) const { return {.ops = ops.get(), .sequence = sequence_of(batch)}; }
};

Result<void> Model::Body::attach_adapter(at::Device device) {
  const AttachOptions attach{
      .device = device, .trainable = options.trainable, .seed = options.seed};
  Network& network = loaded.network;
  if (!options.lora && options.adapter_folder.empty()) return {};
  auto attached = options.lora ? attach_new(network, config, *options.lora, attach)
                               : attach_saved(network, options.adapter_folder, attach);
  if (!attached) return std::move(attached).error();
  lora = std::move(attached->settings);
  parameters = std::move(attached->parameters);
  return {};
}

Model::Model(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Model::~Model() = default;

Result<std::unique_ptr<Model>> Model::open(const std::filesystem::path& folder,
                                           const ModelOptions& options) {
  return guarded([&]() -> Result<std::unique_ptr<Model>> {
    if (auto fine = check_options(options); !fine) return std::move(fine).error();
    auto device = device_of(options.device);
    if (!device) return std::move(device).error();
    // The tensors have a say in the configuration: old files leave a width to be read off them.
    auto files = open_model_files(folder);
    if (!files) return std::move(files).error();
    const Lfm2Config* config = &files->config;
    const LoadOptions load = load_options(options, *device);
    auto loaded = load_network(folder, *config, load);
    if (!loaded) return std::move(loaded).error();
    std::unique_ptr<Body> body(new Body{*config, options, *std::move(loaded), {}, {}, {}, {}});
    body->parameters = std::move(body->loaded.parameters);
    if (auto attached = body->attach_adapter(*device); !attached) {
      return std::move(attached).error();
    }
    body->reach = reach_of(body->loaded.network);
    const OpsShape shape = shape_of(*config);
    const auto activations = at::TensorOptions(load.activations).device(*device);
    body->ops = load.engine == Engine::kernels ? make_cpu_ops(shape, options.team)
                                               : make_aten_ops(shape, activations);
    return std::unique_ptr<Model>(new Model(std::move(body)));
  });
}

const Lfm2Config& Model::config() const { return body_->config; }
const std::optional<LoraSettings>& Model::lora() const { return body_->lora; }
std::span<Parameter> Model::parameters() { return body_->parameters; }

void Model::zero_gradients() {
  for (Parameter& parameter : body_->parameters) parameter.gradient.zero_();
}

Result<Loss> Model::accumulate(const Batch& batch, const Accumulation& how) {
  if (body_->parameters.empty()) {
    return Error{ErrorCode::invalid_argument, "the model was opened with nothing to train"};
  }
  if (auto fine = batch.validate(config().vocab_size); !fine) return std::move(fine).error();
  return guarded([&]() -> Result<Loss> {
    Pass pass = body_->pass(batch);
    if (how.dropout == Accumulation::Dropout::as_set) pass.dropout_seed = how.dropout_seed;
    const auto keep = body_->options.recompute == Recompute::layers
                          ? TrainingPass::Keep::layer_inputs
                          : TrainingPass::Keep::activations;
    const TokenLoss loss = train_pass(pass, body_->loaded.network,
                                      {.batch = &batch,
                                       .reach = body_->reach,
                                       .scale = static_cast<float>(how.scale),
                                       .keep = keep});
    return Loss{.sum = loss.sum, .tokens = loss.count};
  });
}

Result<Loss> Model::evaluate(const Batch& batch) {
  if (auto fine = batch.validate(config().vocab_size); !fine) return std::move(fine).error();
  return guarded([&]() -> Result<Loss> {
    const TokenLoss loss = loss_pass(body_->pass(batch), body_->loaded.network, batch);
    return Loss{.sum = loss.sum, .tokens = loss.count};
  });
}

Result<Outputs> Model::outputs(const Batch& batch) {
  if (auto fine = batch.validate(config().vocab_size); !fine) return std::move(fine).error();
  return guarded([&]() -> Result<Outputs> {
    PassOutputs pass = output_pass(body_->pass(batch), body_->loaded.network, batch);
    Outputs outputs{pass.logits.to(at::kFloat), {}};
    for (const at::Tensor& hidden : pass.hidden) outputs.hidden.push_back(hidden.to(at::kFloat));
    return outputs;
  });
}

std::unique_ptr<DecodeState> Model::new_state() const {
  auto body = std::make_unique<DecodeState::Body>();
  body->memory = new_memory(*body_->ops, body_->loaded.network);
  return std::unique_ptr<DecodeState>(new DecodeState(std::move(body)));
}

Result<at::Tensor> Model::decode(std::span<const std::int32_t> tokens, DecodeState& state) {
  if (tokens.empty()) return Error{ErrorCode::invalid_argument, "no tokens to decode"};
  for (const std::int32_t id : tokens) {
    if (id < 0 || id >= config().vocab_size) return id_out_of_range(id, config().vocab_size);
  }
  return guarded([&]() -> Result<at::Tensor> {
    return decode_pass(*body_->ops, body_->loaded.network, tokens, state.body_->memory)
        .squeeze(0)
        .to(at::kFloat);
  });
}

Result<at::Tensor> Model::tensor(const std::string& name) const {
  return guarded([&]() -> Result<at::Tensor> {
    auto found = named_tensor(body_->loaded.network, name);
    if (!found) return Error{ErrorCode::not_found, "the model has no tensor " + name};
    return *std::move(found);
  });
}

}  // namespace liquid::lfm2
