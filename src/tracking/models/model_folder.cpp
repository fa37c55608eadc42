#include "tracking/models/model_folder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <random>
#include <utility>

#include "tracking/models/folder_writer.h"
#include "tracking/models/pytorch_loader.h"
#include "tracking/models/source_checkpoint.h"

// Layout of a model folder (mlflow.transformers):
//
//   MLmodel, requirements.txt, python_env.yaml, conda.yaml
//   model/                  config.json, generation_config.json, *.safetensors     OwnWeights
//   components/tokenizer/   tokenizer.json, tokenizer_config.json, …               not with
//   HubWeights peft/                   adapter_config.json, adapter_model.safetensors         with
//   an adapter code/, data/            see pytorch_loader.cpp

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;

/// The version whose file this is written like.
constexpr const char* kMlflowVersion = "3.17.2";

/// What was found where the ModelFolder points.
struct Sources {
  Checkpoint weights;  ///< Of HubWeights only the names.
  Tokenizer tokenizer;
  Adapter adapter;
};

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

Result<void> check_request(const ModelFolder& model) {
  const bool has_own_weights = std::holds_alternative<OwnWeights>(model.weights);
  if (!has_own_weights && model.adapter.empty()) {
    return invalid("weights that stay outside the model folder need an adapter inside it");
  }
  if (!has_own_weights && model.pytorch != PytorchFlavor::absent) {
    return invalid("the pytorch flavor needs the weights inside the model folder");
  }
  if (const auto* hub = std::get_if<HubWeights>(&model.weights)) {
    if (hub->repository.empty() || hub->revision.empty() || hub->model_class.empty()) {
      return invalid(
          "a base on the hub needs its repository, the revision (a commit) and the "
          "class of the model");
    }
  }
  return {};
}

fs::path weights_folder(const ModelFolder& model) {
  if (const auto* own = std::get_if<OwnWeights>(&model.weights)) return own->folder;
  if (const auto* local = std::get_if<LocalWeights>(&model.weights)) return local->folder;
  return {};
}

Result<Sources> inspect(const ModelFolder& model) {
  Sources sources;
  if (const auto* hub = std::get_if<HubWeights>(&model.weights)) {
    sources.weights.model_class = hub->model_class;
    sources.weights.torch_dtype = hub->torch_dtype;
    sources.weights.name = hub->repository;
  } else {
    Result<Checkpoint> weights = inspect_checkpoint(weights_folder(model));
    if (!weights) return std::move(weights).error();
    sources.weights = *std::move(weights);
    const fs::path folder = model.tokenizer.empty() ? sources.weights.folder : model.tokenizer;
    Result<Tokenizer> tokenizer = inspect_tokenizer(folder);
    if (!tokenizer) return std::move(tokenizer).error();
    sources.tokenizer = *std::move(tokenizer);
  }
  if (model.adapter.empty()) return sources;
  Result<Adapter> adapter = inspect_adapter(model.adapter, sources.weights.tensors);
  if (!adapter) return std::move(adapter).error();
  sources.adapter = *std::move(adapter);
  return sources;
}

formats::TransformersFlavor transformers_flavor(const ModelFolder& model, const Sources& sources) {
  formats::TransformersFlavor flavor;
  flavor.transformers_version = sources.weights.transformers_version;
  flavor.task = "text-generation";
  flavor.instance_type = "TextGenerationPipeline";
  flavor.pipeline_model_type = sources.weights.model_class;
  flavor.torch_dtype = sources.weights.torch_dtype;
  flavor.source_model_name = model.source_model_name;
  if (flavor.source_model_name.empty()) flavor.source_model_name = sources.weights.name;
  if (flavor.source_model_name.empty()) flavor.source_model_name = sources.adapter.base_model;
  flavor.components = {"tokenizer"};
  // transformers 4 and 5 both know this class, which reads any tokenizer.json.
  flavor.tokenizer_type = sources.tokenizer.tokenizer_class.empty()
                              ? "PreTrainedTokenizerFast"
                              : sources.tokenizer.tokenizer_class;
  if (!model.adapter.empty()) flavor.peft_adaptor = "peft";
  if (const auto* hub = std::get_if<HubWeights>(&model.weights)) {
    flavor.source_model_name = hub->repository;
    flavor.source_model_revision = hub->revision;
    flavor.tokenizer_name = hub->repository;
    flavor.tokenizer_revision = hub->revision;
  } else if (std::holds_alternative<LocalWeights>(model.weights)) {
    flavor.local_base_model_path = fs::absolute(sources.weights.folder).lexically_normal().string();
  } else {
    flavor.model_binary = "model";
  }
  return flavor;
}

Result<void> add_sources(FolderWriter& writer, const ModelFolder& model, const Sources& sources) {
  Result<void> added;
  if (std::holds_alternative<OwnWeights>(model.weights)) {
    added = writer.add_files(sources.weights.folder, sources.weights.files, "model");
  }
  if (added && !sources.tokenizer.files.empty()) {
    added =
        writer.add_files(sources.tokenizer.folder, sources.tokenizer.files, "components/tokenizer");
  }
  if (added && !model.adapter.empty()) {
    added = writer.add_files(sources.adapter.folder, sources.adapter.files, "peft");
  }
  return added;
}

std::string at_least(const std::string& package, const std::string& version) {
  return version.empty() ? package : package + ">=" + version;
}

std::vector<std::string> requirements(const ModelFolder& model, const Sources& sources) {
  if (!model.requirements.empty()) return model.requirements;
  std::vector<std::string> lines{"mlflow", "torch",
                                 at_least("transformers", sources.weights.transformers_version),
                                 "accelerate"};
  if (!model.adapter.empty()) lines.push_back(at_least("peft", sources.adapter.peft_version));
  return lines;
}

formats::YamlNode text_node(std::string text) { return formats::YamlNode{std::move(text)}; }

formats::YamlList text_list(const std::vector<std::string>& texts) {
  formats::YamlList list;
  for (const std::string& text : texts) list.push_back(text_node(text));
  return list;
}

Result<void> add_environment(FolderWriter& writer, const ModelFolder& model,
                             const std::vector<std::string>& lines) {
  const formats::YamlMap pip{{"pip", formats::YamlNode{text_list(lines)}}};
  const formats::YamlMap conda{{"channels", formats::YamlNode{text_list({"conda-forge"})}},
                               {"dependencies", formats::YamlNode{formats::YamlList{
                                                    text_node("python=" + model.python_version),
                                                    text_node("pip"), formats::YamlNode{pip}}}},
                               {"name", text_node("mlflow-env")}};
  const formats::YamlMap python{
      {"python", text_node(model.python_version)},
      {"build_dependencies", formats::YamlNode{text_list({"pip", "setuptools", "wheel"})}},
      {"dependencies", formats::YamlNode{text_list({"-r requirements.txt"})}}};
  Result<void> added =
      writer.add_text("requirements.txt", fmt::format("{}\n", fmt::join(lines, "\n")));
  if (added) added = writer.add_text("conda.yaml", write_yaml(formats::YamlNode{conda}));
  if (added) added = writer.add_text("python_env.yaml", write_yaml(formats::YamlNode{python}));
  return added;
}

/// 32 hexadecimal digits that no other folder has.
std::string unique_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", random());
  return id;
}

std::string utc_text(WallTime now) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(now);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(micros);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (micros - seconds).count());
}

formats::MlModel describe(const ModelFolder& model, const Sources& sources, const Clock& clock) {
  formats::MlModel description;
  description.transformers = transformers_flavor(model, sources);
  formats::PythonFunctionFlavor python;
  python.loader_module = "mlflow.transformers";
  python.python_version = model.python_version;
  python.conda_file = "conda.yaml";
  python.virtualenv_file = "python_env.yaml";
  description.python_function = std::move(python);
  description.signature = model.signature;
  description.metadata = model.metadata;
  description.mlflow_version = kMlflowVersion;
  description.model_uuid = unique_id();
  description.utc_time_created = utc_text(clock.wall());
  return description;
}

}  // namespace

Result<formats::MlModel> write_model_folder(const ModelFolder& model,
                                            const std::filesystem::path& folder,
                                            const Clock& clock) {
  if (Result<void> checked = check_request(model); !checked) return std::move(checked).error();
  Result<Sources> sources = inspect(model);
  if (!sources) return std::move(sources).error();
  Result<FolderWriter> writer = FolderWriter::begin(folder, model.transfer);
  if (!writer) return std::move(writer).error();
  if (Result<void> added = add_sources(*writer, model, *sources); !added) {
    return std::move(added).error();
  }
  formats::MlModel description = describe(model, *sources, clock);
  description.model_size_bytes = writer->bytes();
  if (model.pytorch == PytorchFlavor::loader_script) {
    Result<formats::YamlMap> flavor = add_pytorch_loader(*writer, description.model_uuid);
    if (!flavor) return std::move(flavor).error();
    formats::set(description.other_flavors, "pytorch", formats::YamlNode{*std::move(flavor)});
  }
  Result<void> written = add_environment(*writer, model, requirements(model, *sources));
  if (written) written = writer->add_text("MLmodel", formats::write_mlmodel(description));
  if (written) written = writer->commit();
  if (!written) return std::move(written).error();
  return description;
}

}  // namespace liquid::tracking
