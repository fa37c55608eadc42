#include "lfm2/gguf_export.h"

#include <map>
#include <utility>

#include "formats/numbers.h"
#include "lfm2/checkpoint_files.h"
#include "lfm2/gguf_names.h"
#include "lfm2/layout.h"
#include "tokenizer/tokenizer.h"

// What llama.cpp expects of architecture "lfm2":
//
//   layer kinds   lfm2.attention.head_count_kv, one i32 a layer; 0 = convolution
//   convolution   blk.N.shortconv.conv.weight (h, K) instead of (h, 1, K), always F32
//   vectors       F32
//   vocabulary    one text and kind for each row of the embedding; rows without a token are
//                 "[PADn]", unused
//   no place for  biases of convolution blocks, heads whose width is not hidden size / heads

namespace liquid::lfm2 {
namespace {

using formats::GgufArray;
using formats::GgufMetadata;
using formats::GgufTensorPlan;
using formats::GgufTensorType;

constexpr const char* kArchitecture = "lfm2";
constexpr std::uint32_t kQuantizationVersion = 2;

/// llama.cpp's numbers of kinds of tokens.
enum class TokenType : std::int32_t { normal = 1, control = 3, user_defined = 4, unused = 5 };

Error unsupported(std::string message) { return {ErrorCode::unsupported, std::move(message)}; }

/// general.file_type: what most tensors are.
std::uint32_t file_type_of(GgufTensorType type) {
  switch (type) {
    case GgufTensorType::f32: return 0;
    case GgufTensorType::f16: return 1;
    case GgufTensorType::q8_0: return 7;
    case GgufTensorType::bf16: return 32;
  }
  return 0;
}

std::uint32_t u32(std::int64_t value) { return static_cast<std::uint32_t>(value); }

std::string name_of(const GgufExportOptions& options, const std::filesystem::path& folder) {
  if (!options.name.empty()) return options.name;
  std::error_code ignored;
  return std::filesystem::weakly_canonical(folder, ignored).filename().string();
}

void add_general(GgufMetadata& metadata, const GgufExportOptions& options, const std::string& type,
                 const std::string& name) {
  metadata.emplace_back("general.architecture", std::string(kArchitecture));
  metadata.emplace_back("general.type", type);
  metadata.emplace_back("general.name", name);
  metadata.emplace_back("general.file_type", file_type_of(options.type));
  metadata.emplace_back("general.quantization_version", kQuantizationVersion);
}

void add_shape(GgufMetadata& metadata, const Lfm2Config& config) {
  const auto add = [&metadata](const char* key, formats::GgufValue value) {
    metadata.emplace_back(std::string(kArchitecture) + "." + key, std::move(value));
  };
  std::vector<std::int32_t> heads;
  for (const LayerKind kind : config.layers) {
    heads.push_back(
        kind == LayerKind::conv ? 0 : static_cast<std::int32_t>(config.num_key_value_heads));
  }
  add("vocab_size", u32(config.vocab_size));
  add("block_count", u32(config.num_layers()));
  add("context_length", u32(config.max_position_embeddings));
  add("embedding_length", u32(config.hidden_size));
  add("feed_forward_length", u32(config.feed_forward_size));
  add("attention.head_count", u32(config.num_attention_heads));
  add("attention.head_count_kv", GgufArray{std::move(heads)});
  add("attention.layer_norm_rms_epsilon", static_cast<float>(config.norm_eps));
  add("rope.freq_base", static_cast<float>(config.rope_theta));
  add("shortconv.l_cache", u32(config.conv_kernel));
}

TokenType type_of(tokenizer::TokenKind kind) {
  switch (kind) {
    case tokenizer::TokenKind::normal: return TokenType::normal;
    case tokenizer::TokenKind::control: return TokenType::control;
    case tokenizer::TokenKind::user_defined: return TokenType::user_defined;
    case tokenizer::TokenKind::unused: return TokenType::unused;
  }
  return TokenType::unused;
}

void add_tokens(GgufMetadata& metadata, const tokenizer::Tokenizer& tokens,
                std::int64_t vocab_size) {
  std::vector<std::string> texts;
  std::vector<std::int32_t> types;
  for (std::int64_t id = 0; id < vocab_size; ++id) {
    const auto token = static_cast<tokenizer::TokenId>(id);
    const TokenType type = type_of(tokens.kind(token));
    texts.push_back(type == TokenType::unused ? "[PAD" + std::to_string(id) + "]"
                                              : std::string(tokens.token(token)));
    types.push_back(static_cast<std::int32_t>(type));
  }
  std::vector<std::string> merges;
  for (const auto& [left, right] : tokens.merges()) {
    merges.push_back(std::string(left) + " " + std::string(right));
  }
  metadata.emplace_back("tokenizer.ggml.model", std::string("gpt2"));
  metadata.emplace_back("tokenizer.ggml.pre", std::string(kArchitecture));
  metadata.emplace_back("tokenizer.ggml.tokens", GgufArray{std::move(texts)});
  metadata.emplace_back("tokenizer.ggml.token_type", GgufArray{std::move(types)});
  metadata.emplace_back("tokenizer.ggml.merges", GgufArray{std::move(merges)});
}

void add_special_tokens(GgufMetadata& metadata, const tokenizer::Tokenizer& tokens,
                        const Lfm2Config& config) {
  const auto add = [&metadata](const char* key, std::optional<tokenizer::TokenId> own,
                               std::optional<std::int64_t> configured) {
    const std::optional<std::int64_t> id = own ? std::optional<std::int64_t>(*own) : configured;
    if (id) metadata.emplace_back(key, u32(*id));
  };
  std::optional<std::int64_t> end;
  if (!config.eos_token_ids.empty()) end = config.eos_token_ids.front();
  add("tokenizer.ggml.bos_token_id", tokens.bos(), config.bos_token_id);
  add("tokenizer.ggml.eos_token_id", tokens.eos(), end);
  add("tokenizer.ggml.padding_token_id", tokens.pad(), config.pad_token_id);
  metadata.emplace_back("tokenizer.ggml.add_bos_token", !tokens.prefix().empty());
  if (!tokens.chat_template().empty()) {
    metadata.emplace_back("tokenizer.chat_template", std::string(tokens.chat_template()));
  }
}

Result<void> check_expressible(const Lfm2Config& config) {
  if (config.conv_bias == Lfm2Config::ConvBias::present) {
    return unsupported("GGUF: llama.cpp knows no biases in LFM2's convolution blocks (conv_bias)");
  }
  if (config.query_size() != config.hidden_size) {
    return unsupported(
        "GGUF: llama.cpp knows only heads of hidden_size / num_attention_heads, "
        "here head_dim is " +
        std::to_string(config.head_dim()));
  }
  return {};
}

/// What a tensor becomes: its plan, by its name in the checkpoint.
GgufTensorPlan plan_of(const ExpectedTensor& tensor, GgufTensorType wanted) {
  GgufTensorPlan plan{.name = gguf_name(tensor.name).value_or(tensor.name),
                      .type = GgufTensorType::f32,
                      .shape = tensor.shape};
  if (tensor.role == TensorRole::conv) plan.shape = {tensor.shape.front(), tensor.shape.back()};
  const bool matrix = tensor.role == TensorRole::linear || tensor.role == TensorRole::embedding ||
                      tensor.role == TensorRole::head;
  if (!matrix) return plan;
  const bool in_blocks = tensor.shape.back() % formats::kQ8Block == 0;
  plan.type = wanted == GgufTensorType::q8_0 && !in_blocks ? GgufTensorType::f16 : wanted;
  return plan;
}

Result<tokenizer::Tokenizer> open_tokenizer(const std::filesystem::path& folder,
                                            std::int64_t vocab_size) {
  Result<tokenizer::Tokenizer> tokens = tokenizer::Tokenizer::open(folder);
  if (!tokens) return tokens;
  if (tokens->size() <= static_cast<std::size_t>(vocab_size)) return tokens;
  return Error{ErrorCode::data_corrupt,
               folder.string() + ": the tokenizer has " + std::to_string(tokens->size()) +
                   " ids, the model's vocabulary " + std::to_string(vocab_size) + " rows"};
}

/// llama.cpp's scale of a module is alpha / rank with one alpha for the file. `alpha` times
/// `factor` of a module gives its own.
struct AdapterScale {
  double alpha = 1.0;
  std::map<std::string, double> factors;
};

AdapterScale scale_of(const AdapterFiles& adapter) {
  AdapterScale scale;
  std::map<std::string, double> alphas;
  for (const formats::LoraPair& pair : adapter.pairs) {
    const double alpha = adapter.config.scale_of(pair.module) * static_cast<double>(pair.rank());
    alphas.emplace(pair.module, alpha);
    // An alpha of 0 means "no scaling" there, so it cannot be the file's.
    if (alpha != 0.0) scale.alpha = alpha;
  }
  scale.alpha = static_cast<float>(scale.alpha);
  for (const auto& [module, alpha] : alphas) {
    const bool same = static_cast<float>(alpha) == static_cast<float>(scale.alpha);
    scale.factors.emplace(module, same ? 1.0 : alpha / scale.alpha);
  }
  return scale;
}

std::string adapter_name(const std::string& module, const char* side) {
  return gguf_name(module + ".weight").value_or(module) + side;
}

Result<void> write_adapter_tensors(const AdapterFiles& adapter, const AdapterScale& scale,
                                   formats::GgufWriter& writer) {
  for (const formats::LoraPair& pair : adapter.pairs) {
    Result<void> done =
        for_each_piece(adapter.tensors, pair.a.name, [&](std::span<const float> values) {
          return writer.write_values(adapter_name(pair.module, ".lora_a"), values);
        });
    if (!done) return done;
    const double factor = scale.factors.at(pair.module);
    std::vector<float> scaled;
    done = for_each_piece(adapter.tensors, pair.b.name, [&](std::span<const float> values) {
      scaled.assign(values.begin(), values.end());
      for (float& value : scaled) value = static_cast<float>(factor * value);
      return writer.write_values(adapter_name(pair.module, ".lora_b"), scaled);
    });
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<void> export_model_gguf(const std::filesystem::path& model_folder,
                               const std::filesystem::path& file, GgufExportOptions options) {
  const Result<ModelFiles> model = open_model_files(model_folder);
  if (!model) return model.error();
  const Lfm2Config& config = model->config;
  if (Result<void> fits = check_expressible(config); !fits) return fits;
  const Result<tokenizer::Tokenizer> tokens = open_tokenizer(model_folder, config.vocab_size);
  if (!tokens) return tokens.error();
  GgufMetadata metadata;
  add_general(metadata, options, "model", name_of(options, model_folder));
  add_shape(metadata, config);
  add_tokens(metadata, *tokens, config.vocab_size);
  add_special_tokens(metadata, *tokens, config);
  metadata.insert(metadata.end(), options.extra.begin(), options.extra.end());
  std::vector<std::pair<std::string, GgufTensorPlan>> tensors;
  std::vector<GgufTensorPlan> plans;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    // A tied head that is in the file all the same says what the embedding says.
    if (tensor.presence == ExpectedTensor::Presence::may_be_absent) continue;
    plans.push_back(plan_of(tensor, options.type));
    tensors.emplace_back(tensor.name, plans.back());
  }
  Result<formats::GgufWriter> writer = formats::GgufWriter::create(file, metadata, plans);
  if (!writer) return std::move(writer).error();
  for (const auto& [name, plan] : tensors) {
    Result<void> done =
        for_each_piece(model->tensors, name, [&, &plan = plan](std::span<const float> values) {
          return writer->write_values(plan.name, values);
        });
    if (!done) return done;
  }
  return writer->finish();
}

Result<void> export_adapter_gguf(const std::filesystem::path& adapter_folder,
                                 const std::filesystem::path& base_folder,
                                 const std::filesystem::path& file, GgufExportOptions options) {
  if (options.type == GgufTensorType::q8_0) {
    return unsupported("GGUF: an adapter is written as F32, F16 or BF16, not as Q8_0");
  }
  const Result<Lfm2Config> config = read_config(base_folder);
  if (!config) return config.error();
  const Result<AdapterFiles> adapter = open_adapter_files(adapter_folder, *config);
  if (!adapter) return adapter.error();
  const AdapterScale scale = scale_of(*adapter);
  GgufMetadata metadata;
  add_general(metadata, options, "adapter", name_of(options, adapter_folder));
  metadata.emplace_back("adapter.type", std::string("lora"));
  metadata.emplace_back("adapter.lora.alpha", static_cast<float>(scale.alpha));
  metadata.insert(metadata.end(), options.extra.begin(), options.extra.end());
  std::vector<GgufTensorPlan> plans;
  for (const formats::LoraPair& pair : adapter->pairs) {
    plans.push_back({adapter_name(pair.module, ".lora_a"), options.type, pair.a.shape});
    plans.push_back({adapter_name(pair.module, ".lora_b"), options.type, pair.b.shape});
  }
  Result<formats::GgufWriter> writer = formats::GgufWriter::create(file, metadata, plans);
  if (!writer) return std::move(writer).error();
  if (Result<void> done = write_adapter_tensors(*adapter, scale, *writer); !done) return done;
  return writer->finish();
}

}  // namespace liquid::lfm2
