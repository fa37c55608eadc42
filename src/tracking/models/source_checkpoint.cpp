#include "tracking/models/source_checkpoint.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "formats/safetensors.h"
#include "tracking/models/json_file.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored);
}

/// "torch.float32" for safetensors' "F32".
std::string torch_name(std::string_view dtype) {
  if (dtype == "F32") return "torch.float32";
  if (dtype == "F16") return "torch.float16";
  if (dtype == "BF16") return "torch.bfloat16";
  if (dtype == "F64") return "torch.float64";
  return {};
}

/// A tensor file that belongs to `checkpoint`: its tensors are remembered, the file is listed.
Result<void> add_tensors(const std::string& name, Checkpoint& checkpoint) {
  Result<formats::SafetensorsHeader> header =
      formats::read_safetensors_header(checkpoint.folder / name);
  if (!header) return std::move(header).error();
  for (formats::TensorEntry& tensor : header->tensors) {
    if (checkpoint.torch_dtype.empty()) checkpoint.torch_dtype = torch_name(tensor.dtype);
    checkpoint.tensors[tensor.name] = std::move(tensor.shape);
  }
  checkpoint.files.push_back(name);
  return {};
}

/// Part files lie beside their index: a name with a folder in it leads elsewhere.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of("/\\") == std::string_view::npos;
}

Result<std::map<std::string, std::string>> read_weight_map(const fs::path& index) {
  Result<json::object> object = read_json_object(index);
  if (!object) return std::move(object).error();
  const json::value* map = object->if_contains("weight_map");
  if (map == nullptr || !map->is_object()) return corrupt(index, "has no weight_map");
  std::map<std::string, std::string> files;
  for (const auto& [tensor, file] : map->get_object()) {
    if (!file.is_string() || !is_plain_name(file.get_string())) {
      return corrupt(index, "names a file outside its folder");
    }
    files[std::string(tensor)] = std::string(file.get_string());
  }
  return files;
}

Result<void> add_shards(Checkpoint& checkpoint) {
  const fs::path index = checkpoint.folder / kIndexFile;
  Result<std::map<std::string, std::string>> files = read_weight_map(index);
  if (!files) return std::move(files).error();
  std::vector<std::string> shards;
  for (const auto& [tensor, file] : *files) shards.push_back(file);
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  for (const std::string& shard : shards) {
    if (Result<void> added = add_tensors(shard, checkpoint); !added) return added;
  }
  for (const auto& [tensor, file] : *files) {
    if (!checkpoint.tensors.contains(tensor)) {
      return corrupt(checkpoint.folder / file,
                     "lacks the tensor '" + tensor + "', which the index says it holds");
    }
  }
  checkpoint.files.emplace_back(kIndexFile);
  return {};
}

Result<void> add_weights(Checkpoint& checkpoint) {
  if (is_there(checkpoint.folder / kSingleFile)) return add_tensors(kSingleFile, checkpoint);
  if (is_there(checkpoint.folder / kIndexFile)) return add_shards(checkpoint);
  if (is_there(checkpoint.folder / "pytorch_model.bin")) {
    return Error{ErrorCode::unsupported, (checkpoint.folder / "pytorch_model.bin").string() +
                                             " is a pickle; save the model as safetensors"};
  }
  return Error{ErrorCode::not_found,
               checkpoint.folder.string() + " holds neither " + kSingleFile + " nor " + kIndexFile};
}

Result<void> add_config(Checkpoint& checkpoint) {
  const fs::path file = checkpoint.folder / "config.json";
  Result<json::object> config = read_json_object(file);
  if (!config) return std::move(config).error();
  const json::value* classes = config->if_contains("architectures");
  const json::array* list = classes == nullptr ? nullptr : classes->if_array();
  if (list == nullptr || list->empty() || !list->at(0).is_string()) {
    return corrupt(file, "'architectures' must name the class of the model");
  }
  checkpoint.model_class = std::string(list->at(0).get_string());
  std::string dtype = text_at(*config, "dtype");
  if (dtype.empty()) dtype = text_at(*config, "torch_dtype");
  if (!dtype.empty()) checkpoint.torch_dtype = "torch." + dtype;
  checkpoint.name = text_at(*config, "_name_or_path");
  checkpoint.transformers_version = text_at(*config, "transformers_version");
  checkpoint.files.emplace_back("config.json");
  return {};
}

/// Lists `name` when it is there; as JSON it must be JSON.
Result<void> add_optional(const fs::path& folder, const std::string& name,
                          std::vector<std::string>& files) {
  if (!is_there(folder / name)) return {};
  if (name.ends_with(".json")) {
    if (Result<json::object> object = read_json_object(folder / name); !object) {
      return std::move(object).error();
    }
  }
  files.push_back(name);
  return {};
}

}  // namespace

Result<Checkpoint> inspect_checkpoint(const std::filesystem::path& folder) {
  Checkpoint checkpoint;
  checkpoint.folder = folder;
  if (Result<void> read = add_config(checkpoint); !read) return std::move(read).error();
  Result<void> read = add_optional(folder, "generation_config.json", checkpoint.files);
  if (!read) return std::move(read).error();
  if (read = add_weights(checkpoint); !read) return std::move(read).error();
  return checkpoint;
}

Result<Tokenizer> inspect_tokenizer(const std::filesystem::path& folder) {
  constexpr std::array kVocabularies{"tokenizer.json", "tokenizer.model", "vocab.json"};
  constexpr std::array kBeside{"tokenizer_config.json", "special_tokens_map.json",
                               "added_tokens.json",     "chat_template.jinja",
                               "chat_template.json",    "merges.txt"};
  Tokenizer tokenizer;
  tokenizer.folder = folder;
  for (const char* name : kVocabularies) {
    if (Result<void> read = add_optional(folder, name, tokenizer.files); !read) {
      return std::move(read).error();
    }
  }
  if (tokenizer.files.empty()) {
    return Error{ErrorCode::not_found, (folder / "tokenizer.json").string() + " does not exist"};
  }
  for (const char* name : kBeside) {
    if (Result<void> read = add_optional(folder, name, tokenizer.files); !read) {
      return std::move(read).error();
    }
  }
  if (is_there(folder / "tokenizer_config.json")) {
    Result<json::object> config = read_json_object(folder / "tokenizer_config.json");
    if (!config) return std::move(config).error();
    tokenizer.tokenizer_class = text_at(*config, "tokenizer_class");
  }
  return tokenizer;
}

}  // namespace liquid::tracking
