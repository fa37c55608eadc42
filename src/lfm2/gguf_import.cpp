#include "lfm2/gguf_import.h"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/file.h"
#include "formats/gguf.h"
#include "formats/peft_adapter.h"
#include "formats/safetensors_writer.h"
#include "lfm2/gguf_names.h"
#include "lfm2/layout.h"
#include "lfm2/targets.h"

namespace liquid::lfm2 {
namespace {

namespace fs = std::filesystem;
using formats::GgufFile;
using formats::GgufTensor;
using formats::GgufValue;

Error corrupt(const GgufFile& file, const std::string& what) {
  return {ErrorCode::data_corrupt, file.path().string() + ": " + what};
}

template <typename T>
Result<T> key(const GgufFile& file, const std::string& name) {
  const GgufValue* value = file.find(name);
  const T* held = value == nullptr ? nullptr : std::get_if<T>(value);
  if (held != nullptr) return *held;
  return corrupt(file,
                 "the key " + name + (value == nullptr ? " is missing" : " has another type"));
}

/// Reads the numbers of a model one after the other; the first failure stays.
class Shape {
 public:
  explicit Shape(const GgufFile& file) : file_(file) {}

  void whole(const char* name, std::int64_t& into) {
    const auto value = key<std::uint32_t>(file_, std::string("lfm2.") + name);
    if (value) into = *value;
    if (!value && failure_) failure_ = value.error();  // the first one
  }
  void real(const char* name, double& into) {
    const auto value = key<float>(file_, std::string("lfm2.") + name);
    if (value) into = static_cast<double>(*value);
    if (!value && failure_) failure_ = value.error();  // the first one
  }
  const Result<void>& failure() const { return failure_; }

 private:
  const GgufFile& file_;
  Result<void> failure_;
};

/// The number of key and value heads tells a layer's kind: 0 is a convolution.
Result<void> read_layers(const GgufFile& file, Lfm2Config& config) {
  const auto array = key<formats::GgufArray>(file, "lfm2.attention.head_count_kv");
  if (!array) return array.error();
  const auto* heads = std::get_if<std::vector<std::int32_t>>(&array->items);
  if (heads == nullptr) return corrupt(file, "lfm2.attention.head_count_kv is no list of int32");
  config.layers.clear();
  for (const std::int32_t count : *heads) {
    config.layers.push_back(count == 0 ? LayerKind::conv : LayerKind::attention);
    if (count > 0) config.num_key_value_heads = count;
  }
  const auto blocks = key<std::uint32_t>(file, "lfm2.block_count");
  if (!blocks) return blocks.error();
  if (*blocks == heads->size()) return {};
  return corrupt(file, "lfm2.block_count is " + std::to_string(*blocks) + ", head_count_kv has " +
                           std::to_string(heads->size()) + " entries");
}

std::optional<std::int64_t> token(const GgufFile& file, const char* name) {
  const auto id = key<std::uint32_t>(file, std::string("tokenizer.ggml.") + name + "_token_id");
  return id ? std::optional<std::int64_t>(*id) : std::nullopt;
}

Result<Lfm2Config> config_of(const GgufFile& file) {
  const auto architecture = key<std::string>(file, "general.architecture");
  if (!architecture) return architecture.error();
  if (*architecture != "lfm2") {
    return Error{ErrorCode::unsupported, file.path().string() + ": general.architecture is '" +
                                             *architecture + "', expected 'lfm2'"};
  }
  Lfm2Config config;
  Shape shape(file);
  shape.whole("vocab_size", config.vocab_size);
  shape.whole("context_length", config.max_position_embeddings);
  shape.whole("embedding_length", config.hidden_size);
  shape.whole("feed_forward_length", config.feed_forward_size);
  shape.whole("attention.head_count", config.num_attention_heads);
  shape.whole("shortconv.l_cache", config.conv_kernel);
  shape.real("attention.layer_norm_rms_epsilon", config.norm_eps);
  shape.real("rope.freq_base", config.rope_theta);
  if (!shape.failure()) return shape.failure().error();
  if (const auto layers = read_layers(file, config); !layers) return layers.error();
  config.pad_token_id = token(file, "padding");
  config.bos_token_id = token(file, "bos");
  if (const auto end = token(file, "eos")) config.eos_token_ids = {*end};
  if (file.find_tensor("output.weight") != nullptr) config.head = Lfm2Config::Head::own;
  if (const auto valid = validate(config); !valid) {
    return Error(valid.error()).with_context(file.path().string());
  }
  return config;
}

std::span<const std::byte> bytes_of(const std::vector<float>& values) {
  return std::as_bytes(std::span(values));
}

/// The values of the tensor that is called `gguf` in the file, which must have `elements`.
Result<std::vector<float>> values_of(const GgufFile& file, const std::string& gguf,
                                     std::uint64_t elements) {
  const GgufTensor* tensor = file.find_tensor(gguf);
  if (tensor == nullptr) return corrupt(file, "the tensor " + gguf + " is missing");
  auto values = file.values(*tensor);
  if (!values) return values;
  if (values->size() == elements) return values;
  return corrupt(file, "the tensor " + gguf + " has " + std::to_string(values->size()) +
                           " values, expected " + std::to_string(elements));
}

/// A LoRA pair's places in the file.
struct FoundPair {
  TargetModule module;
  const GgufTensor* a = nullptr;
  const GgufTensor* b = nullptr;
};

Result<std::vector<FoundPair>> find_pairs(const GgufFile& file, const Lfm2Config& model) {
  std::vector<FoundPair> pairs;
  std::size_t used = 0;
  for (TargetModule& module : linear_modules(model)) {
    const std::string name = gguf_name(module.path + ".weight").value_or(module.path);
    const FoundPair pair{module, file.find_tensor(name + ".lora_a"),
                         file.find_tensor(name + ".lora_b")};
    if (pair.a == nullptr && pair.b == nullptr) continue;
    if (pair.a == nullptr || pair.b == nullptr)
      return corrupt(file, name + " has half a LoRA pair");
    const auto in = static_cast<std::uint64_t>(module.in);
    const auto out = static_cast<std::uint64_t>(module.out);
    if (pair.a->shape.size() != 2 || pair.b->shape.size() != 2 || pair.a->shape[1] != in ||
        pair.b->shape[0] != out || pair.a->shape[0] != pair.b->shape[1]) {
      return corrupt(file, name + ".lora_a and .lora_b do not fit a module of " +
                               std::to_string(in) + " x " + std::to_string(out));
    }
    pairs.push_back(pair);
    used += 2;
  }
  if (used == file.tensors().size() && used > 0) return pairs;
  return corrupt(file, std::to_string(file.tensors().size() - used) +
                           " of its tensors belong to no module of the model");
}

formats::PeftAdapterConfig peft_config(const std::vector<FoundPair>& pairs, double alpha) {
  formats::PeftAdapterConfig config;
  config.lora_alpha = alpha;
  config.r = static_cast<std::uint32_t>(pairs.front().a->shape[0]);
  for (const FoundPair& pair : pairs) {
    config.target_modules.push_back(pair.module.path);
    const auto rank = static_cast<std::uint32_t>(pair.a->shape[0]);
    if (rank != config.r) config.rank_pattern.emplace_back(pair.module.path, rank);
  }
  return config;
}

}  // namespace

Result<Lfm2Config> read_gguf_config(const fs::path& file) {
  const auto gguf = GgufFile::open(file);
  if (!gguf) return gguf.error();
  return config_of(*gguf);
}

Result<void> import_model_gguf(const fs::path& file, const fs::path& folder) {
  const auto gguf = GgufFile::open(file);
  if (!gguf) return gguf.error();
  const auto config = config_of(*gguf);
  if (!config) return config.error();
  std::vector<ExpectedTensor> tensors = expected_tensors(*config);
  std::erase_if(tensors, [](const ExpectedTensor& tensor) {
    return tensor.presence == ExpectedTensor::Presence::may_be_absent;
  });
  std::vector<formats::TensorPlan> plan;
  plan.reserve(tensors.size());
  for (const ExpectedTensor& tensor : tensors) plan.push_back({tensor.name, "F32", tensor.shape});
  auto writer = formats::TensorFolderWriter::create(folder, std::move(plan));
  if (!writer) return writer.error();
  for (const ExpectedTensor& tensor : tensors) {
    const auto values =
        values_of(*gguf, gguf_name(tensor.name).value_or(tensor.name), tensor.elements());
    if (!values) return values.error();
    if (const auto done = writer->write(tensor.name, bytes_of(*values)); !done) return done;
  }
  if (const auto done = writer->finish(); !done) return done;
  return write_file_atomically(folder / "config.json", to_json(*config));
}

Result<void> import_adapter_gguf(const fs::path& file, const Lfm2Config& model,
                                 const fs::path& folder) {
  const auto gguf = GgufFile::open(file);
  if (!gguf) return gguf.error();
  const auto kind = key<std::string>(*gguf, "adapter.type");
  if (!kind || *kind != "lora") {
    return Error{ErrorCode::unsupported, file.string() + " is no LoRA adapter (adapter.type)"};
  }
  const auto alpha = key<float>(*gguf, "adapter.lora.alpha");
  if (!alpha) return alpha.error();
  const auto pairs = find_pairs(*gguf, model);
  if (!pairs) return pairs.error();
  std::vector<formats::TensorPlan> plan;
  for (const FoundPair& pair : *pairs) {
    const std::string& module = pair.module.path;
    plan.push_back({formats::lora_tensor_name(module, formats::LoraSide::a), "F32", pair.a->shape});
    plan.push_back({formats::lora_tensor_name(module, formats::LoraSide::b), "F32", pair.b->shape});
  }
  auto writer = formats::SafetensorsWriter::create(folder / "adapter_model.safetensors", plan);
  if (!writer) return writer.error();
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const FoundPair& pair = (*pairs)[i / 2];
    const auto values = gguf->values(i % 2 == 0 ? *pair.a : *pair.b);
    if (!values) return values.error();
    if (const auto done = writer->write(plan[i].name, bytes_of(*values)); !done) return done;
  }
  if (const auto done = writer->finish(); !done) return done;
  return write_file_atomically(
      folder / "adapter_config.json",
      formats::write_peft_config(peft_config(*pairs, static_cast<double>(*alpha))));
}

}  // namespace liquid::lfm2
