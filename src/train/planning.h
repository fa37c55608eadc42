#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lfm2/adapter.h"
#include "lfm2/config.h"
#include "lfm2/layout.h"
#include "lfm2/targets.h"
#include "train/run_plan.h"
#include "train/settings.h"

namespace liquid::train {

/// What is known of the model from its folder's configuration and the settings.
struct ModelPlan {
  std::filesystem::path folder;
  lfm2::Lfm2Config config;
  lfm2::ParameterCount parameters;
  std::uint64_t trained_parameters = 0;
  std::optional<lfm2::LoraSettings> lora;
  std::vector<std::string> peft_targets;
  std::optional<lfm2::TargetTable> targets;
  std::vector<std::string> translations;  ///< of module names, for the user to read
};

/// Errors: those of `find_model_folder`, the configuration and the targets.
Result<ModelPlan> plan_model(const Settings& settings);

struct StepCounts {
  std::int64_t per_epoch = 0;
  std::int64_t total = 0;
};
StepCounts count_steps(const LoopSettings& loop, std::int64_t samples);

}  // namespace liquid::train
