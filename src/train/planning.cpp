#include "train/planning.h"

#include <cmath>

#include "train/materials.h"

namespace liquid::train {
namespace {

lfm2::LoraSettings lora_of(const ModelSettings& settings) {
  using Scaling = lfm2::LoraSettings::Scaling;
  lfm2::LoraSettings lora;
  lora.r = static_cast<std::uint32_t>(settings.lora_r);
  lora.alpha = settings.lora_alpha;
  lora.dropout = settings.lora_dropout;
  lora.scaling = settings.rslora ? Scaling::alpha_over_sqrt_r : Scaling::alpha_over_r;
  lora.targets = settings.lora_targets;
  return lora;
}

}  // namespace

Result<ModelPlan> plan_model(const Settings& settings) {
  auto folder = find_model_folder(settings.model.model);
  if (!folder) return std::move(folder).error();
  auto config = lfm2::read_config(*folder);
  if (!config) return std::move(config).error();
  ModelPlan plan;
  plan.folder = std::move(*folder);
  plan.config = std::move(*config);
  plan.parameters = lfm2::count_parameters(plan.config);
  plan.trained_parameters = plan.parameters.total();
  if (settings.model.method == Method::full) return plan;
  auto selection = lfm2::resolve_targets(plan.config, settings.model.lora_targets);
  if (!selection) return std::move(selection).error().with_context("lora-targets");
  plan.lora = lora_of(settings.model);
  plan.targets = lfm2::tabulate(plan.config, selection->modules, *plan.lora);
  plan.trained_parameters = plan.targets->trained;
  plan.peft_targets = std::move(selection->peft_names);
  plan.translations = std::move(selection->translations);
  return plan;
}

StepCounts count_steps(const LoopSettings& loop, std::int64_t samples) {
  StepCounts counts;
  const std::int64_t per_step = loop.batch_size * loop.accumulation;
  counts.per_epoch = (samples + per_step - 1) / per_step;
  const double steps = loop.epochs * static_cast<double>(counts.per_epoch);
  counts.total = loop.max_steps > 0 ? loop.max_steps : static_cast<std::int64_t>(std::ceil(steps));
  return counts;
}

}  // namespace liquid::train
