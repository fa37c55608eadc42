#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "formats/safetensors.h"

namespace liquid::formats {

/// Values for single modules, in the file's order; the first key that fits a module counts. A key
/// is a regular expression for the whole module path or its last dotted parts, as in PEFT.
template <typename T>
using ModulePattern = std::vector<std::pair<std::string, T>>;

/// The part of PEFT's `adapter_config.json` that a plain LoRA adapter needs. The defaults are
/// PEFT's.
struct PeftAdapterConfig {
  std::string base_model_name_or_path;
  std::optional<std::string> revision;
  std::string task_type = "CAUSAL_LM";
  std::uint32_t r = 8;
  double lora_alpha = 8.0;
  double lora_dropout = 0.0;
  enum class Scaling { alpha_over_r, alpha_over_sqrt_r } scaling = Scaling::alpha_over_r;
  /// Names: a module is meant when its path is the name or ends in ".name".
  std::vector<std::string> target_modules;
  /// Instead of names: one regular expression for the whole path, or "all-linear".
  std::optional<std::string> target_regex;
  ModulePattern<std::uint32_t> rank_pattern;
  ModulePattern<double> alpha_pattern;
  std::string peft_version = "0.21.2";

  bool operator==(const PeftAdapterConfig&) const = default;

  std::uint32_t rank_of(std::string_view module) const;
  double alpha_of(std::string_view module) const;
  /// What B·A is multiplied with: alpha/r or alpha/√r of this module.
  double scale_of(std::string_view module) const;
};

/// Errors: data_corrupt (no JSON object, a field of the wrong kind), unsupported (a PEFT method or
/// feature that changes the result and that we do not compute: DoRA, bias, modules_to_save,
/// fan_in_fan_out, …; it is named).
Result<PeftAdapterConfig> parse_peft_config(std::string_view json);
/// The same from `folder`/adapter_config.json; errors name the file.
Result<PeftAdapterConfig> read_peft_config(const std::filesystem::path& folder);
std::string write_peft_config(const PeftAdapterConfig& config);

enum class LoraSide { a, b };

/// "model.layers.0.conv.in_proj" → "base_model.model.model.layers.0.conv.in_proj.lora_A.weight".
std::string lora_tensor_name(std::string_view module, LoraSide side);

/// The way back; nothing when the name is not of this form.
struct LoraTensorName {
  std::string module;
  LoraSide side = LoraSide::a;
};
std::optional<LoraTensorName> parse_lora_tensor_name(std::string_view name);

/// A module's pair of tensors in an adapter file.
struct LoraPair {
  std::string module;
  TensorEntry a;  ///< (r, in)
  TensorEntry b;  ///< (out, r)
  std::uint64_t rank() const { return a.shape[0]; }
  std::uint64_t in() const { return a.shape[1]; }
  std::uint64_t out() const { return b.shape[0]; }
};

/// Sorts an adapter's tensors into pairs, by module, and checks ranks against the configuration.
/// Errors, naming the tensor: data_corrupt (half a pair, ranks or shapes that do not fit),
/// unsupported (any tensor that is no LoRA matrix: an embedding, a magnitude vector, a saved
/// module).
Result<std::vector<LoraPair>> pair_lora_tensors(const std::vector<TensorEntry>& tensors,
                                                const PeftAdapterConfig& config);

}  // namespace liquid::formats
