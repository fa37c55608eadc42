#include <map>
#include <string>

#include "formats/safetensors.h"
#include "tracking/models/json_file.h"
#include "tracking/models/source_checkpoint.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// A module that the adapter changes: lora_A is [rank, in], lora_B is [out, rank].
struct LoraPair {
  const std::vector<std::uint64_t>* a = nullptr;
  const std::vector<std::uint64_t>* b = nullptr;
};

constexpr std::string_view kPeftPrefix = "base_model.model.";
constexpr std::string_view kLoraA = ".lora_A.weight";
constexpr std::string_view kLoraB = ".lora_B.weight";

std::map<std::string, LoraPair> lora_pairs(const TensorShapes& tensors) {
  std::map<std::string, LoraPair> pairs;
  for (const auto& [name, shape] : tensors) {
    if (!name.starts_with(kPeftPrefix)) continue;
    const std::string_view rest = std::string_view(name).substr(kPeftPrefix.size());
    if (rest.ends_with(kLoraA)) {
      pairs[std::string(rest.substr(0, rest.size() - kLoraA.size()))].a = &shape;
    } else if (rest.ends_with(kLoraB)) {
      pairs[std::string(rest.substr(0, rest.size() - kLoraB.size()))].b = &shape;
    }
  }
  return pairs;
}

/// Only linear layers can be told to fit or not; embeddings and convolutions are left alone.
Result<void> check_pair(const fs::path& file, const std::string& module, const LoraPair& pair,
                        const std::vector<std::uint64_t>* weight) {
  if (pair.a == nullptr || pair.b == nullptr) {
    return corrupt(file, "module '" + module + "' has only one half of its LoRA pair");
  }
  if (pair.a->size() != 2 || pair.b->size() != 2) return {};
  if ((*pair.a)[0] != (*pair.b)[1]) {
    return corrupt(file, "module '" + module + "': lora_A and lora_B have different ranks");
  }
  if (weight == nullptr || weight->size() != 2) return {};
  const std::uint64_t out = (*pair.b)[0];
  const std::uint64_t in = (*pair.a)[1];
  const bool fits = (*weight)[0] == out && (*weight)[1] == in;
  const bool fits_turned = (*weight)[0] == in && (*weight)[1] == out;  // fan_in_fan_out
  if (fits || fits_turned) return {};
  return corrupt(file, "module '" + module + "' is for a weight of " + std::to_string(out) + "x" +
                           std::to_string(in) + ", the base has " + std::to_string((*weight)[0]) +
                           "x" + std::to_string((*weight)[1]));
}

Result<void> check_adapter_tensors(const fs::path& file, const TensorShapes& tensors,
                                   const TensorShapes& base) {
  const std::map<std::string, LoraPair> pairs = lora_pairs(tensors);
  if (pairs.empty()) {
    return corrupt(file, "holds no tensor base_model.model.….lora_A.weight as PEFT names them");
  }
  bool any_in_base = base.empty();
  for (const auto& [module, pair] : pairs) {
    const auto weight = base.find(module + ".weight");
    const bool known = weight != base.end();
    any_in_base = any_in_base || known;
    Result<void> checked = check_pair(file, module, pair, known ? &weight->second : nullptr);
    if (!checked) return checked;
  }
  if (any_in_base) return {};
  return corrupt(file, "is for another model: the base has no '" + pairs.begin()->first +
                           ".weight' nor any other of its modules");
}

Result<void> check_adapter_config(const fs::path& file, const json::object& config) {
  const std::string kind = text_at(config, "peft_type");
  if (kind.empty()) return corrupt(file, "has no peft_type: it is no PEFT adapter's");
  if (kind != "LORA") {
    return Error{ErrorCode::unsupported,
                 file.string() + ": the adapter is of type " + kind + ", only LORA is known"};
  }
  const std::string task = text_at(config, "task_type");
  if (task != "CAUSAL_LM") {
    return Error{ErrorCode::unsupported, file.string() + ": task_type is '" + task +
                                             "', CAUSAL_LM is needed for text generation"};
  }
  const json::value* rank = config.if_contains("r");
  if (rank == nullptr || !rank->is_int64() || rank->get_int64() < 1) {
    return corrupt(file, "'r' must be the rank, a positive number");
  }
  const json::value* alpha = config.if_contains("lora_alpha");
  if (alpha == nullptr || !alpha->is_number())
    return corrupt(file, "'lora_alpha' must be a number");
  const json::value* modules = config.if_contains("target_modules");
  if (modules == nullptr || !(modules->is_array() || modules->is_string())) {
    return corrupt(file, "'target_modules' must name the modules that are adapted");
  }
  return {};
}

}  // namespace

Result<Adapter> inspect_adapter(const std::filesystem::path& folder, const TensorShapes& base) {
  Adapter adapter;
  adapter.folder = folder;
  adapter.files = {"adapter_config.json", "adapter_model.safetensors"};
  const fs::path config_file = folder / "adapter_config.json";
  Result<json::object> config = read_json_object(config_file);
  if (!config) return std::move(config).error();
  if (Result<void> checked = check_adapter_config(config_file, *config); !checked) {
    return std::move(checked).error();
  }
  adapter.base_model = text_at(*config, "base_model_name_or_path");
  adapter.peft_version = text_at(*config, "peft_version");
  const fs::path weights = folder / "adapter_model.safetensors";
  Result<formats::SafetensorsHeader> header = formats::read_safetensors_header(weights);
  if (!header) return std::move(header).error();
  TensorShapes tensors;
  for (formats::TensorEntry& tensor : header->tensors) tensors[tensor.name] = tensor.shape;
  if (Result<void> checked = check_adapter_tensors(weights, tensors, base); !checked) {
    return std::move(checked).error();
  }
  return adapter;
}

}  // namespace liquid::tracking
