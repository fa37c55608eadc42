#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/peft_adapter.h"

namespace liquid::lfm2 {

/// What LoRA is asked for: y = W·x + scale · B·(A·dropout(x)).
struct LoraSettings {
  std::uint32_t r = 16;
  double alpha = 32.0;
  double dropout = 0.1;
  using Scaling = formats::PeftAdapterConfig::Scaling;
  Scaling scaling = Scaling::alpha_over_r;
  /// Names, aliases or expressions as `resolve_targets` reads them; empty = all linear modules.
  std::vector<std::string> targets = {};
  formats::ModulePattern<std::uint32_t> rank_pattern = {};
  formats::ModulePattern<double> alpha_pattern = {};

  bool operator==(const LoraSettings&) const = default;

  std::uint32_t rank_of(std::string_view module) const;
  double alpha_of(std::string_view module) const;
  /// alpha/r, or alpha/√r, of the module with this path.
  double scale(std::string_view module) const;
};

/// The settings a PEFT adapter was made with. `targets` holds its names or its expression.
LoraSettings settings_of(const formats::PeftAdapterConfig& config);

/// What goes into adapter_config.json; `target_modules` are names as PEFT matches them
/// (`TargetSelection::peft_names`).
formats::PeftAdapterConfig peft_config_of(const LoraSettings& settings,
                                          std::vector<std::string> target_modules,
                                          std::string base_model);

}  // namespace liquid::lfm2
