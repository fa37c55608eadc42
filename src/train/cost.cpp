#include "train/cost.h"

#include <unistd.h>

#include <algorithm>

#include "train/flops.h"

namespace liquid::train {
namespace {

// Share of the measured speed of products that whole steps reach: bench/README.md.
constexpr double kStepEfficiency = 0.75;

double bytes_per_weight(const std::string& storage) {
  if (storage == "nf4") return 0.5 + 4.0 / 64;
  if (storage == "nf4-double") return 0.5 + 1.0 / 64 + 4.0 / 16384;
  return storage == "fp32" ? 4 : 2;
}

// Only the matrices of the layers are quantized; embedding and norms keep their type.
double weight_bytes(const lfm2::ParameterCount& count, const std::string& storage) {
  const bool quantized = storage.starts_with("nf4");
  const double other = quantized ? 2 : bytes_per_weight(storage);
  const auto linear = static_cast<double>(count.linear);
  return linear * bytes_per_weight(storage) + (static_cast<double>(count.total()) - linear) * other;
}

// fp32 values that a layer keeps of each position for its backward pass: nine vectors as wide as
// the model, three as wide as the feed-forward part.
double activation_bytes(const Settings& settings, const lfm2::Lfm2Config& config,
                        std::int64_t positions) {
  const auto layer = static_cast<double>(9 * config.hidden_size + 3 * config.feed_forward_size);
  const auto layers = static_cast<double>(config.num_layers());
  const double kept = settings.machine.gradient_checkpointing
                          ? layers * static_cast<double>(config.hidden_size) + layer
                          : layers * layer;
  return 4.0 * kept * static_cast<double>(positions);
}

std::int64_t largest_micro_batch(const Settings& settings, const Dataset& dataset) {
  std::int64_t largest = 0;
  for (const StepPlan& step : plan_epoch(dataset, epoch_options(settings), 0)) {
    for (const MicroBatch& members : step) {
      std::int64_t positions = 0;
      for (const std::int32_t index : members) {
        const Sample& sample = dataset.samples.at(static_cast<std::size_t>(index));
        positions += static_cast<std::int64_t>(sample.ids.size());
      }
      largest = std::max(largest, positions);
    }
  }
  return largest;
}

double positions_per_second(const Settings& settings, const ModelPlan& model,
                            const MachineReport& machine, const Dataset& dataset) {
  std::int64_t positions = 0;
  std::int64_t trained = 0;
  for (const Sample& sample : dataset.samples) {
    positions += static_cast<std::int64_t>(sample.ids.size());
    trained += sample.trained_tokens();
  }
  RunPlan plan;
  plan.settings = settings;
  plan.model = model.config;
  plan.parameters = model.parameters;
  plan.trained_parameters = model.trained_parameters;
  plan.lora = model.lora;
  const double flops = step_flops(plan, positions, trained);
  if (flops <= 0) return 0;
  return static_cast<double>(positions) * machine.peak_flops * kStepEfficiency / flops;
}

}  // namespace

CostEstimate estimate_cost(const Settings& settings, const ModelPlan& model,
                           const MachineReport& machine, const Dataset& dataset) {
  CostEstimate cost;
  const char* method = settings.model.method == Method::full ? "all weights" : "LoRA r=";
  cost.what = model.folder.filename().string() + ", " + method +
              (model.lora ? std::to_string(model.lora->r) : std::string()) + ", " +
              machine.number_type + " on " + machine.device + ", weights in " + machine.storage;
  const auto trained = static_cast<double>(model.trained_parameters);
  const bool whole = !model.lora;
  cost.weight_bytes =
      whole ? 0 : static_cast<std::int64_t>(weight_bytes(model.parameters, machine.storage));
  cost.trained_bytes = static_cast<std::int64_t>(16 * trained);  // value, gradient, two moments
  cost.activation_bytes = static_cast<std::int64_t>(
      activation_bytes(settings, model.config, largest_micro_batch(settings, dataset)));
  if (machine.device == "cpu") {
    cost.available_bytes = ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE);
  }
  cost.positions_per_second = positions_per_second(settings, model, machine, dataset);
  return cost;
}

}  // namespace liquid::train
