#include "lfm2/adapter.h"

#include <utility>

namespace liquid::lfm2 {

std::uint32_t LoraSettings::rank_of(std::string_view module) const {
  return peft_config_of(*this, {}, "").rank_of(module);
}

double LoraSettings::alpha_of(std::string_view module) const {
  return peft_config_of(*this, {}, "").alpha_of(module);
}

double LoraSettings::scale(std::string_view module) const {
  return peft_config_of(*this, {}, "").scale_of(module);
}

LoraSettings settings_of(const formats::PeftAdapterConfig& config) {
  LoraSettings settings{.r = config.r,
                        .alpha = config.lora_alpha,
                        .dropout = config.lora_dropout,
                        .scaling = config.scaling,
                        .targets = config.target_modules,
                        .rank_pattern = config.rank_pattern,
                        .alpha_pattern = config.alpha_pattern};
  if (config.target_regex) settings.targets = {*config.target_regex};
  return settings;
}

formats::PeftAdapterConfig peft_config_of(const LoraSettings& settings,
                                          std::vector<std::string> target_modules,
                                          std::string base_model) {
  formats::PeftAdapterConfig config;
  config.base_model_name_or_path = std::move(base_model);
  config.r = settings.r;
  config.lora_alpha = settings.alpha;
  config.lora_dropout = settings.dropout;
  config.scaling = settings.scaling;
  config.target_modules = std::move(target_modules);
  config.rank_pattern = settings.rank_pattern;
  config.alpha_pattern = settings.alpha_pattern;
  return config;
}

}  // namespace liquid::lfm2
