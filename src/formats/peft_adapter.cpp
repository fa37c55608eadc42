#include "formats/peft_adapter.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "base/file.h"
#include "formats/module_pattern.h"
#include "formats/python_json.h"

// adapter_config.json = object; the fields read are those of PeftAdapterConfig. All others:
//
//   harmless    decides how weights are initialised, or is a note of the program that wrote it
//   selecting   which modules carry an adapter; the tensors of the file tell
//   changing    null, false, "none" or empty = off; anything else changes the result: refused
//   unknown     refused when it is true or a filled object or list, otherwise a number or a word of
//               some setting, ignored
//
// adapter_model.safetensors: base_model.model.<module>.lora_A.weight (r, in), …lora_B.weight (out,
// r)

namespace liquid::formats {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxConfigBytes = 16U << 20;
constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kSuffixA = ".lora_A.weight";
constexpr std::string_view kSuffixB = ".lora_B.weight";

constexpr std::string_view kRead[] = {"peft_type",
                                      "base_model_name_or_path",
                                      "revision",
                                      "task_type",
                                      "r",
                                      "lora_alpha",
                                      "lora_dropout",
                                      "use_rslora",
                                      "target_modules",
                                      "rank_pattern",
                                      "alpha_pattern",
                                      "peft_version",
                                      "bias",
                                      "init_lora_weights",
                                      "modules_to_save"};

constexpr std::string_view kHarmless[] = {
    "auto_mapping",   "corda_config",        "eva_config",         "fan_in_fan_out",
    "inference_mode", "loftq_config",        "lora_ga_config",     "megatron_config",
    "megatron_core",  "qalora_group_size",   "runtime_config",     "exclude_modules",
    "layers_pattern", "layers_to_transform", "ensure_weight_tying"};

/// Initialisations after which the base weights are what they were.
constexpr std::string_view kInitialisations[] = {"gaussian", "eva", "orthogonal"};

Error corrupt(const std::string& message) { return {ErrorCode::data_corrupt, message}; }

template <std::size_t N>
bool one_of(std::string_view word, const std::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

bool switched_off(const json::value& value) {
  if (value.is_null()) return true;
  if (const bool* truth = value.if_bool()) return !*truth;
  if (const json::object* object = value.if_object()) return object->empty();
  if (const json::array* array = value.if_array()) return array->empty();
  return false;
}

Error changes_the_result(std::string_view key, const json::value& value) {
  return {ErrorCode::unsupported, "the adapter uses '" + std::string(key) +
                                      "' = " + json::serialize(value).substr(0, 80) +
                                      ", which is not supported; plain LoRA and rsLoRA are"};
}

/// Features by name; a setting that is only a number or a word switches nothing on.
Result<void> refuse_features(const json::object& object) {
  for (const auto& [key, value] : object) {
    if (one_of(key, kRead) || one_of(key, kHarmless) || switched_off(value)) continue;
    const bool filled = value.is_bool() || value.is_object() || value.is_array();
    if (filled) return changes_the_result(key, value);
  }
  return {};
}

Result<void> refuse_methods(const json::object& object) {
  const json::value* type = object.if_contains("peft_type");
  if (type == nullptr) return corrupt("has no 'peft_type'");
  if (*type != "LORA") return changes_the_result("peft_type", *type);
  if (const json::value* bias = object.if_contains("bias");
      bias != nullptr && !switched_off(*bias) && *bias != "none") {
    return changes_the_result("bias", *bias);
  }
  if (const json::value* saved = object.if_contains("modules_to_save");
      saved != nullptr && !switched_off(*saved)) {
    return changes_the_result("modules_to_save", *saved);
  }
  const json::value* init = object.if_contains("init_lora_weights");
  const json::string* word = init == nullptr ? nullptr : init->if_string();
  if (word != nullptr && !one_of(*word, kInitialisations)) {
    return changes_the_result("init_lora_weights", *init);
  }
  return {};
}

std::optional<double> number_of(const json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  return std::nullopt;
}

std::optional<std::uint32_t> rank_value(const json::value& value) {
  const std::optional<double> number = number_of(value);
  if (!number || *number < 1 || *number > 1e6 || std::floor(*number) != *number) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*number);
}

Error wrong_kind(std::string_view key, std::string_view wanted) {
  return corrupt("'" + std::string(key) + "' must be " + std::string(wanted));
}

/// The value of a key that is there and not null.
const json::value* present(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<void> read_numbers(const json::object& object, PeftAdapterConfig& config) {
  if (const json::value* value = present(object, "r")) {
    const std::optional<std::uint32_t> rank = rank_value(*value);
    if (!rank) return wrong_kind("r", "a whole number from 1");
    config.r = *rank;
  }
  if (const json::value* value = present(object, "lora_alpha")) {
    const std::optional<double> alpha = number_of(*value);
    if (!alpha) return wrong_kind("lora_alpha", "a number");
    config.lora_alpha = *alpha;
  }
  if (const json::value* value = present(object, "lora_dropout")) {
    const std::optional<double> dropout = number_of(*value);
    if (!dropout || *dropout < 0 || *dropout >= 1) {
      return wrong_kind("lora_dropout", "a number from 0, below 1");
    }
    config.lora_dropout = *dropout;
  }
  if (const json::value* value = present(object, "use_rslora")) {
    if (!value->is_bool()) return wrong_kind("use_rslora", "true or false");
    config.scaling = value->get_bool() ? PeftAdapterConfig::Scaling::alpha_over_sqrt_r
                                       : PeftAdapterConfig::Scaling::alpha_over_r;
  }
  return {};
}

struct TextField {
  const char* key;
  std::string PeftAdapterConfig::*field;
};

Result<void> read_texts(const json::object& object, PeftAdapterConfig& config) {
  constexpr TextField kTexts[] = {
      {"base_model_name_or_path", &PeftAdapterConfig::base_model_name_or_path},
      {"task_type", &PeftAdapterConfig::task_type},
      {"peft_version", &PeftAdapterConfig::peft_version}};
  for (const TextField& text : kTexts) {
    const json::value* value = present(object, text.key);
    if (value == nullptr) continue;
    if (!value->is_string()) return wrong_kind(text.key, "a text");
    config.*text.field = std::string(value->get_string());
  }
  if (const json::value* value = present(object, "revision")) {
    if (!value->is_string()) return wrong_kind("revision", "a text");
    config.revision = std::string(value->get_string());
  }
  return {};
}

Result<void> read_targets(const json::object& object, PeftAdapterConfig& config) {
  const json::value* value = present(object, "target_modules");
  if (value == nullptr) return corrupt("has no 'target_modules'");
  if (const json::string* expression = value->if_string()) {
    config.target_regex = std::string(*expression);
    return {};
  }
  const json::array* names = value->if_array();
  if (names == nullptr) return wrong_kind("target_modules", "a list of names, or a text");
  for (const json::value& name : *names) {
    if (!name.is_string()) return wrong_kind("target_modules", "a list of names, or a text");
    config.target_modules.emplace_back(name.get_string());
  }
  return {};
}

template <typename T, typename Read>
Result<void> read_pattern(const json::object& object, std::string_view key,
                          ModulePattern<T>& pattern, Read read) {
  const json::value* value = present(object, key);
  if (value == nullptr) return {};
  if (!value->is_object()) return wrong_kind(key, "an object");
  for (const auto& [module, entry] : value->get_object()) {
    const std::optional<T> number = read(entry);
    if (!number) return wrong_kind(key, "an object of numbers");
    if (Result<void> fits = check_pattern(module); !fits) {
      return std::move(fits).error().with_context(key);
    }
    pattern.emplace_back(std::string(module), *number);
  }
  return {};
}

template <typename T>
T pattern_value(const ModulePattern<T>& pattern, std::string_view module, T otherwise) {
  for (const auto& [key, value] : pattern) {
    if (pattern_fits(key, module)) return value;
  }
  return otherwise;
}

/// 8 rather than 8.0, as PEFT writes what was given as a whole number.
json::value plain_number(double number) {
  if (std::floor(number) == number && std::abs(number) < 1e15) {
    return static_cast<std::int64_t>(number);
  }
  return number;
}

json::array as_json(const std::vector<std::string>& names) {
  return json::array(names.begin(), names.end());
}

Result<void> check_pair(const LoraPair& pair, const PeftAdapterConfig& config) {
  const std::string subject = "the adapter of '" + pair.module + "'";
  if (pair.a.shape.size() != 2 || pair.b.shape.size() != 2) {
    return corrupt(subject + " is no pair of matrices");
  }
  if (pair.a.shape[0] != pair.b.shape[1]) {
    return corrupt(subject + " has rank " + std::to_string(pair.a.shape[0]) + " in lora_A and " +
                   std::to_string(pair.b.shape[1]) + " in lora_B");
  }
  const std::uint32_t expected = config.rank_of(pair.module);
  if (pair.rank() == expected) return {};
  return corrupt(subject + " has rank " + std::to_string(pair.rank()) +
                 ", adapter_config.json says " + std::to_string(expected));
}

}  // namespace

std::uint32_t PeftAdapterConfig::rank_of(std::string_view module) const {
  return pattern_value(rank_pattern, module, r);
}

double PeftAdapterConfig::alpha_of(std::string_view module) const {
  return pattern_value(alpha_pattern, module, lora_alpha);
}

double PeftAdapterConfig::scale_of(std::string_view module) const {
  const double rank = rank_of(module);
  return alpha_of(module) / (scaling == Scaling::alpha_over_r ? rank : std::sqrt(rank));
}

Result<PeftAdapterConfig> parse_peft_config(std::string_view text) {
  json::error_code problem;
  const json::value root = json::parse(text, problem);
  if (problem || !root.is_object()) return corrupt("is not the JSON of an adapter configuration");
  const json::object& object = root.get_object();
  PeftAdapterConfig config;
  config.task_type.clear();
  config.peft_version.clear();
  const auto read_ranks = [&] {
    return read_pattern(object, "rank_pattern", config.rank_pattern, rank_value);
  };
  const auto read_alphas = [&] {
    return read_pattern(object, "alpha_pattern", config.alpha_pattern, number_of);
  };
  Result<void> read = refuse_methods(object);
  if (read) read = refuse_features(object);
  if (read) read = read_numbers(object, config);
  if (read) read = read_texts(object, config);
  if (read) read = read_targets(object, config);
  if (read) read = read_ranks();
  if (read) read = read_alphas();
  if (!read) return std::move(read).error();
  return config;
}

Result<PeftAdapterConfig> read_peft_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "adapter_config.json";
  const Result<std::string> text = read_file(file, kMaxConfigBytes);
  if (!text) return text.error();
  Result<PeftAdapterConfig> config = parse_peft_config(*text);
  if (!config) return std::move(config).error().with_context(file.string());
  return config;
}

std::string write_peft_config(const PeftAdapterConfig& config) {
  json::object ranks;
  json::object alphas;
  for (const auto& [key, rank] : config.rank_pattern) ranks[key] = rank;
  for (const auto& [key, alpha] : config.alpha_pattern) alphas[key] = plain_number(alpha);
  json::object out;
  out["alpha_pattern"] = std::move(alphas);
  out["auto_mapping"] = nullptr;
  out["base_model_name_or_path"] = config.base_model_name_or_path;
  out["bias"] = "none";
  out["exclude_modules"] = nullptr;
  out["fan_in_fan_out"] = false;
  out["inference_mode"] = true;
  out["init_lora_weights"] = true;
  out["layers_pattern"] = nullptr;
  out["layers_to_transform"] = nullptr;
  out["lora_alpha"] = plain_number(config.lora_alpha);
  out["lora_dropout"] = config.lora_dropout;
  out["modules_to_save"] = nullptr;
  out["peft_type"] = "LORA";
  out["peft_version"] = config.peft_version;
  out["r"] = config.r;
  out["rank_pattern"] = std::move(ranks);
  out["revision"] = config.revision ? json::value(*config.revision) : json::value(nullptr);
  out["target_modules"] = config.target_regex ? json::value(*config.target_regex)
                                              : json::value(as_json(config.target_modules));
  out["task_type"] =
      config.task_type.empty() ? json::value(nullptr) : json::value(config.task_type);
  out["use_dora"] = false;
  out["use_rslora"] = config.scaling == PeftAdapterConfig::Scaling::alpha_over_sqrt_r;
  return python_json(json::serialize(out)) + "\n";
}

std::string lora_tensor_name(std::string_view module, LoraSide side) {
  std::string name(kPrefix);
  name += module;
  name += side == LoraSide::a ? kSuffixA : kSuffixB;
  return name;
}

std::optional<LoraTensorName> parse_lora_tensor_name(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::string_view rest = name.substr(kPrefix.size());
  const bool a = rest.ends_with(kSuffixA);
  if (!a && !rest.ends_with(kSuffixB)) return std::nullopt;
  const std::string_view module = rest.substr(0, rest.size() - kSuffixA.size());
  if (module.empty()) return std::nullopt;
  return LoraTensorName{std::string(module), a ? LoraSide::a : LoraSide::b};
}

Result<std::vector<LoraPair>> pair_lora_tensors(const std::vector<TensorEntry>& tensors,
                                                const PeftAdapterConfig& config) {
  std::map<std::string, LoraPair> pairs;
  for (const TensorEntry& tensor : tensors) {
    const std::optional<LoraTensorName> name = parse_lora_tensor_name(tensor.name);
    if (!name) {
      return Error{ErrorCode::unsupported,
                   "tensor '" + tensor.name + "' is no LoRA matrix of a linear module (" +
                       std::string(kPrefix) + "….lora_A.weight or ….lora_B.weight)"};
    }
    LoraPair& pair = pairs[name->module];
    pair.module = name->module;
    (name->side == LoraSide::a ? pair.a : pair.b) = tensor;
  }
  std::vector<LoraPair> list;
  for (auto& [module, pair] : pairs) {
    if (pair.a.name.empty() || pair.b.name.empty()) {
      return corrupt("of module '" + module + "' there is " +
                     (pair.a.name.empty() ? "lora_B but no lora_A" : "lora_A but no lora_B"));
    }
    if (Result<void> sound = check_pair(pair, config); !sound) return std::move(sound).error();
    list.push_back(std::move(pair));
  }
  if (list.empty()) return corrupt("the adapter has no tensors");
  return list;
}

}  // namespace liquid::formats
