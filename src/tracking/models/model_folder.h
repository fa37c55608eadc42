#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "formats/mlmodel.h"

namespace liquid::tracking {

/// config.json, generation_config.json, *.safetensors (with index when sharded) of this folder go
/// into the model folder: it loads anywhere, offline.
struct OwnWeights {
  std::filesystem::path folder{};
};
/// The base stays in this folder, which the MLmodel names; only for an adapter. Loads where the
/// folder is (elsewhere with `load_model(…, base_model_path=…)`, MLflow 3.11 and newer).
struct LocalWeights {
  std::filesystem::path folder{};
};
/// The base and its tokenizer are fetched from the Hugging Face hub when loading; only for an
/// adapter.
struct HubWeights {
  std::string repository{};   ///< "LiquidAI/LFM2-350M"
  std::string revision{};     ///< Commit, which MLflow requires.
  std::string model_class{};  ///< "Lfm2ForCausalLM"
  std::string torch_dtype{};  ///< "torch.bfloat16"; empty: transformers decides.
};

/// Whether the files of the source are copied or hard-linked where the file system can; linked
/// files must not be changed in place afterwards.
enum class FileTransfer { copy, link };

/// `mlflow.pytorch.load_model` as a second way in. Its format asks for a pickle or a traced graph;
/// `loader_script` ships a fixed, short Python module instead, which MLflow calls where it would
/// call pickle and which reads the safetensors files with transformers. Nothing is unpickled, but
/// loading runs that module.
enum class PytorchFlavor { absent, loader_script };

/// A causal language model as Hugging Face libraries keep it, to be written as a model folder.
struct ModelFolder {
  std::variant<OwnWeights, LocalWeights, HubWeights> weights{};
  std::filesystem::path tokenizer{};  ///< Empty: the folder of the weights.
  std::filesystem::path adapter{};    ///< PEFT LoRA; empty: the weights are whole.
  std::string source_model_name{};    ///< Where the base came from; empty: what config.json says.
  formats::ModelSignature signature = formats::text_generation_signature();
  formats::YamlMap metadata{};
  /// Lines of requirements.txt; empty: mlflow, torch, transformers, accelerate, and peft when there
  /// is an adapter, at least as new as the files need.
  std::vector<std::string> requirements{};
  std::string python_version = "3.11";
  FileTransfer transfer = FileTransfer::copy;
  PytorchFlavor pytorch = PytorchFlavor::absent;
};

/// Writes the folder aside, checked and fsynced, and renames it to `folder`. Nothing of a broken
/// source is written: safetensors files must be whole and shards complete, JSON files must be JSON,
/// the adapter a LoRA adapter of a causal language model with matching tensors. Errors, each naming
/// the file: not_found, data_corrupt, invalid_argument, unsupported (another kind of adapter),
/// conflict (`folder` exists), those of writing.
Result<formats::MlModel> write_model_folder(const ModelFolder& model,
                                            const std::filesystem::path& folder,
                                            const Clock& clock);

}  // namespace liquid::tracking
