#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/yaml.h"

// The file MLmodel of a model folder: which loaders ("flavors") can open it, and what it is.
// Optional texts are empty when the file has null or nothing. Keys that are not named here are kept
// in `other` and written again.

namespace liquid::formats {

/// Each is a JSON text as MLflow writes it, e.g. `[{"type": "string", "required": true}]`.
struct ModelSignature {
  std::string inputs;
  std::string outputs;
  std::string params;
  bool operator==(const ModelSignature&) const = default;
};

/// One string in, one string out: what a text-generation pipeline takes and gives.
ModelSignature text_generation_signature();

/// What `mlflow.transformers.load_model` reads. All paths are relative to the model folder.
struct TransformersFlavor {
  std::string transformers_version;
  std::string task;                   ///< "text-generation"
  std::string instance_type;          ///< "TextGenerationPipeline"
  std::string pipeline_model_type;    ///< Class of the model: config.json's architectures[0].
  std::string torch_dtype;            ///< "torch.bfloat16"
  std::string framework;              ///< "pt"; only files of transformers 4 have it.
  std::string model_binary;           ///< Folder of the weights when they are inside: "model".
  std::string source_model_name;      ///< Hub name or path of the base.
  std::string source_model_revision;  ///< Commit of the hub; only when the weights are not inside.
  std::string local_base_model_path;  ///< Absolute folder of the base, when it stays outside.
  std::string peft_adaptor;           ///< Folder of a LoRA adapter: "peft".
  std::string tokenizer_type;
  std::string tokenizer_name;
  std::string tokenizer_revision;
  std::string code;
  std::vector<std::string> components;  ///< Folders below components/: "tokenizer".
  YamlMap other;
  bool operator==(const TransformersFlavor&) const = default;
};

/// What `mlflow.pyfunc.load_model` reads.
struct PythonFunctionFlavor {
  std::string loader_module;  ///< "mlflow.transformers"
  std::string python_version;
  std::string conda_file;       ///< env.conda
  std::string virtualenv_file;  ///< env.virtualenv
  std::string code;
  std::string data;
  YamlMap other;
  bool operator==(const PythonFunctionFlavor&) const = default;
};

struct MlModel {
  std::optional<TransformersFlavor> transformers;
  std::optional<PythonFunctionFlavor> python_function;
  YamlMap other_flavors;
  std::optional<ModelSignature> signature;
  std::string artifact_path;  ///< Since MLflow 3 the URI of the folder.
  std::string run_id;
  std::string model_id;    ///< "m-…"
  std::string model_uuid;  ///< The model id, or 32 hexadecimal digits.
  std::string mlflow_version;
  std::string utc_time_created;  ///< "2026-11-24 00:45:07.653365"
  std::optional<std::uint64_t> model_size_bytes;
  YamlMap metadata;
  YamlMap other;
  bool operator==(const MlModel&) const = default;
};

/// Reads any MLmodel that MLflow writes. Errors: those of `parse_yaml`; data_corrupt when the text
/// is no map, has no flavors, or a known key holds the wrong kind of value (names the key).
Result<MlModel> parse_mlmodel(std::string_view text);

/// The file's text: keys in MLflow's order, nulls where MLflow writes them.
std::string write_mlmodel(const MlModel& model);

/// The same as JSON: what servers before MLflow 3 record in a tag of the run.
std::string mlmodel_as_json(const MlModel& model);

/// Names of all flavors, sorted.
std::vector<std::string> flavor_names(const MlModel& model);

}  // namespace liquid::formats
