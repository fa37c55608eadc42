#include "formats/mlmodel.h"

#include <algorithm>
#include <limits>
#include <utility>

// MLmodel = YAML map:
//
//   flavors:                       flavor name -> its settings; the only key that loading needs
//     python_function: { loader_module, python_version, env: {conda, virtualenv}, … }
//     transformers: { task, instance_type, pipeline_model_type, model_binary, components: […], … }
//   signature: { inputs, outputs, params }     each a JSON text or null
//   artifact_path, run_id, model_id, model_uuid, mlflow_version, utc_time_created   texts
//   model_size_bytes               number
//   metadata                       map of the user
//   …                              kept as they are

namespace liquid::formats {
namespace {

template <typename T>
struct TextKey {
  const char* name;
  std::string T::*field;
};

constexpr TextKey<TransformersFlavor> kTransformersTexts[] = {
    {"transformers_version", &TransformersFlavor::transformers_version},
    {"task", &TransformersFlavor::task},
    {"instance_type", &TransformersFlavor::instance_type},
    {"pipeline_model_type", &TransformersFlavor::pipeline_model_type},
    {"torch_dtype", &TransformersFlavor::torch_dtype},
    {"framework", &TransformersFlavor::framework},
    {"model_binary", &TransformersFlavor::model_binary},
    {"source_model_name", &TransformersFlavor::source_model_name},
    {"source_model_revision", &TransformersFlavor::source_model_revision},
    {"local_base_model_path", &TransformersFlavor::local_base_model_path},
    {"peft_adaptor", &TransformersFlavor::peft_adaptor},
    {"tokenizer_type", &TransformersFlavor::tokenizer_type},
    {"tokenizer_name", &TransformersFlavor::tokenizer_name},
    {"tokenizer_revision", &TransformersFlavor::tokenizer_revision},
    {"code", &TransformersFlavor::code}};

constexpr TextKey<PythonFunctionFlavor> kPythonFunctionTexts[] = {
    {"loader_module", &PythonFunctionFlavor::loader_module},
    {"python_version", &PythonFunctionFlavor::python_version},
    {"code", &PythonFunctionFlavor::code},
    {"data", &PythonFunctionFlavor::data}};

constexpr TextKey<ModelSignature> kSignatureTexts[] = {{"inputs", &ModelSignature::inputs},
                                                       {"outputs", &ModelSignature::outputs},
                                                       {"params", &ModelSignature::params}};

constexpr TextKey<MlModel> kModelTexts[] = {{"artifact_path", &MlModel::artifact_path},
                                            {"run_id", &MlModel::run_id},
                                            {"model_id", &MlModel::model_id},
                                            {"model_uuid", &MlModel::model_uuid},
                                            {"mlflow_version", &MlModel::mlflow_version},
                                            {"utc_time_created", &MlModel::utc_time_created}};

Error wrong_kind(std::string_view key, std::string_view wanted) {
  return {ErrorCode::data_corrupt,
          "MLmodel: '" + std::string(key) + "' must be " + std::string(wanted)};
}

bool is_null(const YamlNode& node) { return std::holds_alternative<std::monostate>(node.value); }

/// A text; numbers too, because hand-written files leave out the quotes of `3.11`.
Result<std::string> text_value(const std::string& key, const YamlNode& node) {
  if (const auto* text = std::get_if<std::string>(&node.value)) return *text;
  if (std::holds_alternative<std::int64_t>(node.value) ||
      std::holds_alternative<double>(node.value)) {
    std::string line = write_yaml(node);
    line.pop_back();
    return line;
  }
  return wrong_kind(key, "a text");
}

/// Takes the texts that are known out of `map` and into `target`.
template <typename T, std::size_t Count>
Result<void> take_texts(const TextKey<T> (&keys)[Count], YamlMap& map, T& target) {
  for (const TextKey<T>& key : keys) {
    const YamlNode* node = find(map, key.name);
    // A null stays where it is: it is written again, and an absent key stays absent.
    if (node == nullptr || is_null(*node)) continue;
    Result<std::string> text = text_value(key.name, *node);
    if (!text) return std::move(text).error();
    target.*key.field = *std::move(text);
    std::erase_if(map, [&key](const YamlEntry& entry) { return entry.key == key.name; });
  }
  return {};
}

/// Removes `key` from the map and returns its value; null when it is not there.
YamlNode take(YamlMap& map, std::string_view key) {
  YamlNode value;
  std::erase_if(map, [&](YamlEntry& entry) {
    if (entry.key != key) return false;
    value = std::move(entry.value);
    return true;
  });
  return value;
}

void erase_null(YamlMap& map, std::string_view key) {
  std::erase_if(map,
                [key](const YamlEntry& entry) { return entry.key == key && is_null(entry.value); });
}

/// Null counts as an empty map.
Result<YamlMap> take_map(YamlMap& map, std::string_view key) {
  YamlNode value = take(map, key);
  if (is_null(value)) return YamlMap{};
  if (auto* inner = std::get_if<YamlMap>(&value.value)) return std::move(*inner);
  return wrong_kind(key, "a map");
}

Result<std::vector<std::string>> take_text_list(YamlMap& map, std::string_view key) {
  const YamlNode value = take(map, key);
  std::vector<std::string> texts;
  if (is_null(value)) return texts;
  const auto* list = std::get_if<YamlList>(&value.value);
  if (list == nullptr) return wrong_kind(key, "a list of texts");
  for (const YamlNode& item : *list) {
    if (!std::holds_alternative<std::string>(item.value)) {
      return wrong_kind(key, "a list of texts");
    }
    texts.emplace_back(text_of(item));
  }
  return texts;
}

Result<TransformersFlavor> read_transformers(YamlMap map) {
  TransformersFlavor flavor;
  if (Result<void> texts = take_texts(kTransformersTexts, map, flavor); !texts) {
    return std::move(texts).error();
  }
  Result<std::vector<std::string>> components = take_text_list(map, "components");
  if (!components) return std::move(components).error();
  flavor.components = *std::move(components);
  erase_null(map, "code");  // The writer has it always.
  flavor.other = std::move(map);
  return flavor;
}

/// Before MLflow 2 `env` was the name of the conda file alone.
Result<void> take_environment(YamlMap& map, PythonFunctionFlavor& flavor) {
  const YamlNode* env = find(map, "env");
  if (env == nullptr) return {};
  if (const auto* file = std::get_if<std::string>(&env->value)) {
    flavor.conda_file = *file;
    take(map, "env");
    return {};
  }
  Result<YamlMap> files = take_map(map, "env");
  if (!files) return std::move(files).error();
  flavor.conda_file = text_of(take(*files, "conda"));
  flavor.virtualenv_file = text_of(take(*files, "virtualenv"));
  if (!files->empty()) set(map, "env", YamlNode{*std::move(files)});
  return {};
}

Result<PythonFunctionFlavor> read_python_function(YamlMap map) {
  PythonFunctionFlavor flavor;
  if (Result<void> texts = take_texts(kPythonFunctionTexts, map, flavor); !texts) {
    return std::move(texts).error();
  }
  if (Result<void> env = take_environment(map, flavor); !env) return std::move(env).error();
  flavor.other = std::move(map);
  return flavor;
}

Result<void> read_flavors(YamlMap flavors, MlModel& model) {
  if (find(flavors, "transformers") != nullptr) {
    Result<YamlMap> map = take_map(flavors, "transformers");
    if (!map) return std::move(map).error();
    Result<TransformersFlavor> flavor = read_transformers(*std::move(map));
    if (!flavor) return std::move(flavor).error();
    model.transformers = *std::move(flavor);
  }
  if (find(flavors, "python_function") != nullptr) {
    Result<YamlMap> map = take_map(flavors, "python_function");
    if (!map) return std::move(map).error();
    Result<PythonFunctionFlavor> flavor = read_python_function(*std::move(map));
    if (!flavor) return std::move(flavor).error();
    model.python_function = *std::move(flavor);
  }
  model.other_flavors = std::move(flavors);
  return {};
}

Result<void> read_signature(YamlMap& map, MlModel& model) {
  const YamlNode* node = find(map, "signature");
  if (node == nullptr) return {};
  if (is_null(*node)) {
    take(map, "signature");
    return {};
  }
  Result<YamlMap> texts = take_map(map, "signature");
  if (!texts) return std::move(texts).error();
  ModelSignature signature;
  if (Result<void> read = take_texts(kSignatureTexts, *texts, signature); !read) {
    return std::move(read).error().with_context("signature");
  }
  model.signature = std::move(signature);
  return {};
}

Result<void> read_size(YamlMap& map, MlModel& model) {
  const YamlNode size = take(map, "model_size_bytes");
  if (is_null(size)) return {};
  const auto* bytes = std::get_if<std::int64_t>(&size.value);
  if (bytes == nullptr || *bytes < 0) return wrong_kind("model_size_bytes", "a number of bytes");
  model.model_size_bytes = static_cast<std::uint64_t>(*bytes);
  return {};
}

YamlNode text_or_null(const std::string& text) {
  return text.empty() ? YamlNode{} : YamlNode{text};
}

template <typename T, std::size_t Count>
void put_texts(const TextKey<T> (&keys)[Count], const T& source, YamlMap& map) {
  for (const TextKey<T>& key : keys) {
    if (!(source.*key.field).empty()) set(map, key.name, YamlNode{source.*key.field});
  }
}

/// MLflow's dump sorts the keys of every map.
YamlNode sorted(YamlMap map) {
  std::sort(map.begin(), map.end(),
            [](const YamlEntry& a, const YamlEntry& b) { return a.key < b.key; });
  return YamlNode{std::move(map)};
}

YamlNode transformers_map(const TransformersFlavor& flavor) {
  YamlMap map = flavor.other;
  set(map, "code", YamlNode{});
  put_texts(kTransformersTexts, flavor, map);
  YamlList components;
  for (const std::string& name : flavor.components) components.push_back(YamlNode{name});
  if (!components.empty()) set(map, "components", YamlNode{std::move(components)});
  return sorted(std::move(map));
}

YamlNode python_function_map(const PythonFunctionFlavor& flavor) {
  YamlMap map = flavor.other;
  put_texts(kPythonFunctionTexts, flavor, map);
  YamlMap env;
  if (const YamlNode* more = find(map, "env"); more != nullptr) {
    if (const auto* inner = std::get_if<YamlMap>(&more->value)) env = *inner;
  }
  if (!flavor.conda_file.empty()) set(env, "conda", YamlNode{flavor.conda_file});
  if (!flavor.virtualenv_file.empty()) set(env, "virtualenv", YamlNode{flavor.virtualenv_file});
  if (!env.empty()) set(map, "env", sorted(std::move(env)));
  return sorted(std::move(map));
}

YamlNode flavors_map(const MlModel& model) {
  YamlMap flavors = model.other_flavors;
  if (model.transformers) set(flavors, "transformers", transformers_map(*model.transformers));
  if (model.python_function) {
    set(flavors, "python_function", python_function_map(*model.python_function));
  }
  return sorted(std::move(flavors));
}

YamlNode signature_map(const ModelSignature& signature) {
  YamlMap map;
  for (const TextKey<ModelSignature>& key : kSignatureTexts) {
    set(map, key.name, text_or_null(signature.*key.field));
  }
  return YamlNode{std::move(map)};
}

YamlNode model_map(const MlModel& model) {
  YamlMap map = model.other;
  put_texts(kModelTexts, model, map);
  set(map, "flavors", flavors_map(model));
  set(map, "model_id", text_or_null(model.model_id));
  if (model.signature) set(map, "signature", signature_map(*model.signature));
  if (model.model_size_bytes) {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const auto bytes = static_cast<std::int64_t>(std::min(*model.model_size_bytes, kMost));
    set(map, "model_size_bytes", YamlNode{bytes});
  }
  if (!model.metadata.empty()) set(map, "metadata", YamlNode{model.metadata});
  return sorted(std::move(map));
}

}  // namespace

ModelSignature text_generation_signature() {
  const std::string text = R"([{"type": "string", "required": true}])";
  return {.inputs = text, .outputs = text, .params = ""};
}

Result<MlModel> parse_mlmodel(std::string_view text) {
  Result<YamlNode> root = parse_yaml(text);
  if (!root) return std::move(root).error().with_context("MLmodel");
  auto* map = std::get_if<YamlMap>(&root->value);
  if (map == nullptr) return Error{ErrorCode::data_corrupt, "MLmodel: the file must be a map"};
  Result<YamlMap> flavors = take_map(*map, "flavors");
  if (!flavors) return std::move(flavors).error();
  if (flavors->empty()) return wrong_kind("flavors", "a map with at least one loader");
  MlModel model;
  if (Result<void> read = read_flavors(*std::move(flavors), model); !read) {
    return std::move(read).error();
  }
  if (Result<void> read = read_signature(*map, model); !read) return std::move(read).error();
  if (Result<void> read = read_size(*map, model); !read) return std::move(read).error();
  Result<YamlMap> metadata = take_map(*map, "metadata");
  if (!metadata) return std::move(metadata).error();
  model.metadata = *std::move(metadata);
  if (Result<void> read = take_texts(kModelTexts, *map, model); !read) {
    return std::move(read).error();
  }
  erase_null(*map, "model_id");  // The writer has it always.
  model.other = std::move(*map);
  return model;
}

std::string write_mlmodel(const MlModel& model) { return write_yaml(model_map(model)); }

std::string mlmodel_as_json(const MlModel& model) { return yaml_as_json(model_map(model)); }

std::vector<std::string> flavor_names(const MlModel& model) {
  std::vector<std::string> names;
  if (model.transformers) names.emplace_back("transformers");
  if (model.python_function) names.emplace_back("python_function");
  for (const YamlEntry& entry : model.other_flavors) names.push_back(entry.key);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace liquid::formats
