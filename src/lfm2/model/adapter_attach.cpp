#include "lfm2/model/adapter_attach.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "formats/peft_adapter.h"
#include "formats/safetensors_reader.h"
#include "lfm2/model/checkpoint.h"
#include "lfm2/targets.h"

namespace liquid::lfm2 {
namespace {

struct AdapterMatrices {
  at::Tensor a;
  at::Tensor b;
};

// Hangs adapters on modules and, when they are trained, collects their parameters.
class Attacher {
 public:
  Attacher(const LoraSettings& settings, const AttachOptions& options)
      : settings_(settings), options_(options) {}

  void attach(Linear& linear, AdapterMatrices matrices) {
    auto adapter = std::make_shared<Adapter>();
    adapter->a = matrices.a.to(options_.device, at::kFloat).contiguous();
    adapter->b = matrices.b.to(options_.device, at::kFloat).contiguous();
    adapter->scale = static_cast<float>(settings_.scale(linear.path));
    adapter->dropout = static_cast<float>(settings_.dropout);
    adapter->number = number_++;
    if (options_.trainable == Trainable::adapter) {
      adapter->a_gradient = add_parameter(linear, formats::LoraSide::a, adapter->a);
      adapter->b_gradient = add_parameter(linear, formats::LoraSide::b, adapter->b);
    }
    linear.adapter = std::move(adapter);
  }

  AttachedAdapter done() && { return {settings_, std::move(parameters_)}; }

 private:
  at::Tensor add_parameter(const Linear& linear, formats::LoraSide side, const at::Tensor& value) {
    const at::Tensor gradient = at::zeros_like(value);
    parameters_.push_back({formats::lora_tensor_name(linear.path, side), value, gradient});
    return gradient;
  }

  const LoraSettings& settings_;
  const AttachOptions& options_;
  std::uint64_t number_ = 0;
  std::vector<Parameter> parameters_;
};

// PEFT's initialisation is Kaiming's with a = √5, which comes down to this bound.
at::Tensor uniform_matrix(std::int64_t rows, std::int64_t cols, std::mt19937_64& random) {
  at::Tensor matrix = at::empty({rows, cols}, at::kFloat);
  float* values = matrix.mutable_data_ptr<float>();
  const double bound = 1.0 / std::sqrt(static_cast<double>(cols));
  for (std::int64_t i = 0; i < matrix.numel(); ++i) {
    const double unit = static_cast<double>(random() >> 11) * 0x1p-53;
    values[i] = static_cast<float>(bound * (2 * unit - 1));
  }
  return matrix;
}

Result<void> check_settings(const LoraSettings& settings, std::span<const TargetModule> modules) {
  if (!(settings.dropout >= 0 && settings.dropout < 1)) {
    return Error{ErrorCode::invalid_argument, "LoRA dropout is " +
                                                  std::to_string(settings.dropout) +
                                                  "; expected at least 0 and less than 1"};
  }
  for (const TargetModule& module : modules) {
    if (settings.rank_of(module.path) == 0) {
      return Error{ErrorCode::invalid_argument,
                   "the LoRA rank of " + module.path + " is 0; expected at least 1"};
    }
    if (!std::isfinite(settings.scale(module.path))) {
      return Error{ErrorCode::invalid_argument,
                   "the LoRA alpha of " + module.path + " is not a finite number"};
    }
  }
  return {};
}

Error misfit(const formats::LoraPair& pair, const Linear& linear) {
  return {ErrorCode::data_corrupt,
          "the adapter of " + pair.module + " maps " + std::to_string(pair.in()) + " to " +
              std::to_string(pair.out()) + " features, the module " +
              std::to_string(linear.weight.cols) + " to " + std::to_string(linear.weight.rows)};
}

Result<AdapterMatrices> read_pair(const formats::TensorFolder& files,
                                  const formats::LoraPair& pair) {
  AdapterMatrices matrices;
  for (const auto& [entry, target] :
       {std::pair{&pair.a, &matrices.a}, std::pair{&pair.b, &matrices.b}}) {
    auto view = files.tensor(entry->name);
    if (!view) return std::move(view).error();
    auto tensor = host_tensor(*view);
    if (!tensor) return std::move(tensor).error();
    // A copy even when float32 is stored: training changes it, and the file is closed soon.
    *target = tensor->to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  }
  return matrices;
}

Result<AttachedAdapter> attach_pairs(Network& network, const formats::TensorFolder& files,
                                     const formats::PeftAdapterConfig& config,
                                     const AttachOptions& options) {
  auto pairs = formats::pair_lora_tensors(files.tensors(), config);
  if (!pairs) return std::move(pairs).error();
  std::map<std::string_view, const formats::LoraPair*> open;
  for (const formats::LoraPair& pair : *pairs) open.emplace(pair.module, &pair);
  const LoraSettings settings = settings_of(config);
  Attacher attacher(settings, options);
  for (Linear* linear : network.linears()) {
    const auto found = open.find(linear->path);
    if (found == open.end()) continue;
    const formats::LoraPair& pair = *found->second;
    if (pair.in() != static_cast<std::uint64_t>(linear->weight.cols) ||
        pair.out() != static_cast<std::uint64_t>(linear->weight.rows)) {
      return misfit(pair, *linear);
    }
    auto matrices = read_pair(files, pair);
    if (!matrices) return std::move(matrices).error();
    attacher.attach(*linear, *std::move(matrices));
    open.erase(found);
  }
  if (!open.empty()) {
    return Error{ErrorCode::data_corrupt, "the adapter has matrices for " +
                                              std::string(open.begin()->first) +
                                              ", which is no linear module of this model"};
  }
  return std::move(attacher).done();
}

}  // namespace

Result<AttachedAdapter> attach_new(Network& network, const Lfm2Config& config,
                                   const LoraSettings& settings, const AttachOptions& options) {
  auto selection = resolve_targets(config, settings.targets);
  if (!selection) return std::move(selection).error();
  if (auto fine = check_settings(settings, selection->modules); !fine) {
    return std::move(fine).error();
  }
  std::map<std::string_view, Linear*> by_path;
  for (Linear* linear : network.linears()) by_path.emplace(linear->path, linear);
  Attacher attacher(settings, options);
  std::mt19937_64 random(options.seed);
  for (const TargetModule& module : selection->modules) {
    const auto found = by_path.find(module.path);
    if (found == by_path.end()) {
      return Error{ErrorCode::internal, "no linear module " + module.path};
    }
    const std::int64_t rank = settings.rank_of(module.path);
    attacher.attach(*found->second, {uniform_matrix(rank, module.in, random),
                                     at::zeros({module.out, rank}, at::kFloat)});
  }
  return std::move(attacher).done();
}

Result<AttachedAdapter> attach_saved(Network& network, const std::filesystem::path& folder,
                                     const AttachOptions& options) {
  auto config = formats::read_peft_config(folder);
  if (!config) return std::move(config).error();
  auto files = formats::TensorFolder::open(folder, "adapter_model");
  if (!files) return std::move(files).error();
  auto attached = attach_pairs(network, *files, *config, options);
  if (!attached) return std::move(attached).error().with_context(folder.string());
  return attached;
}

}  // namespace liquid::lfm2
