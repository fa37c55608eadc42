#include <boost/json.hpp>
#include <cmath>
#include <string>

#include "formats/python_json.h"
#include "lfm2/config.h"

// Writes both names of every field that was renamed between generations: third-party loaders ask
// for one or the other. The width stands there as it is used, with auto-adjust off, so that no
// loader's rounding rule can change it.

namespace liquid::lfm2 {
namespace {

namespace json = boost::json;

json::value optional_id(const std::optional<std::int64_t>& id) {
  return id ? json::value(*id) : json::value(nullptr);
}

json::value end_ids(const std::vector<std::int64_t>& ids) {
  if (ids.empty()) return nullptr;
  if (ids.size() == 1) return ids.front();
  return json::array(ids.begin(), ids.end());
}

void write_layers(const Lfm2Config& config, json::object& out) {
  json::array types;
  json::array attention;
  for (std::int64_t i = 0; i < config.num_layers(); ++i) {
    const bool full = config.layers[static_cast<std::size_t>(i)] == LayerKind::attention;
    types.emplace_back(full ? "full_attention" : "conv");
    if (full) attention.emplace_back(i);
  }
  out["layer_types"] = std::move(types);
  out["full_attn_idxs"] = std::move(attention);
}

void write_sizes(const Lfm2Config& config, json::object& out) {
  const bool tied = config.head == Lfm2Config::Head::tied;
  out["vocab_size"] = config.vocab_size;
  out["hidden_size"] = config.hidden_size;
  out["block_dim"] = config.hidden_size;
  out["conv_dim"] = config.hidden_size;
  out["intermediate_size"] = config.feed_forward_size;
  out["block_ff_dim"] = config.feed_forward_size;
  out["block_auto_adjust_ff_dim"] = false;
  out["block_ffn_dim_multiplier"] = 1.0;
  out["block_multiple_of"] = 256;
  out["num_hidden_layers"] = config.num_layers();
  out["num_attention_heads"] = config.num_attention_heads;
  out["num_heads"] = config.num_attention_heads;
  out["num_key_value_heads"] = config.num_key_value_heads;
  if (config.head_size > 0) out["head_dim"] = config.head_size;
  out["conv_L_cache"] = config.conv_kernel;
  out["conv_bias"] = config.conv_bias == Lfm2Config::ConvBias::present;
  out["norm_eps"] = config.norm_eps;
  out["block_norm_eps"] = config.norm_eps;
  out["max_position_embeddings"] = config.max_position_embeddings;
  out["initializer_range"] = config.initializer_range;
  out["tie_word_embeddings"] = tied;
  out["tie_embedding"] = tied;
}

Lfm2Config shape(std::int64_t hidden, std::int64_t feed_forward, std::int64_t layers,
                 std::initializer_list<std::size_t> attention) {
  Lfm2Config config;
  config.hidden_size = hidden;
  config.feed_forward_size = feed_forward;
  config.num_attention_heads = hidden / 64;
  config.eos_token_ids = {7};
  config.layers.assign(static_cast<std::size_t>(layers), LayerKind::conv);
  for (const std::size_t index : attention) config.layers[index] = LayerKind::attention;
  return config;
}

Lfm2Config tiny() {
  Lfm2Config config = shape(128, 384, 6, {2, 5});
  config.vocab_size = 4096;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  config.max_position_embeddings = 4096;
  return config;
}

struct Preset {
  const char* name;
  Lfm2Config config;
};

/// Shapes of the published checkpoints. The place of the attention layers of 230m is ours: only
/// their number is published.
std::vector<Preset> presets() {
  return {{"tiny", tiny()},
          {"230m", shape(1024, 2560, 14, {2, 4, 6, 8, 10, 12})},
          {"350m", shape(1024, 4608, 16, {2, 5, 8, 10, 12, 14})},
          {"700m", shape(1536, 6912, 16, {2, 5, 8, 10, 12, 14})},
          {"1.2b", shape(2048, 8192, 16, {2, 5, 8, 10, 12, 14})},
          {"2.6b", shape(2048, 10752, 30, {2, 5, 9, 13, 17, 21, 24, 27})}};
}

}  // namespace

std::string to_json(const Lfm2Config& config) {
  json::object out;
  out["architectures"] = {"Lfm2ForCausalLM"};
  out["model_type"] = "lfm2";
  write_sizes(config, out);
  write_layers(config, out);
  out["rope_theta"] = config.rope_theta;
  out["theta"] = config.rope_theta;
  out["rope_parameters"] = {{"rope_theta", config.rope_theta}, {"rope_type", "default"}};
  out["pad_token_id"] = optional_id(config.pad_token_id);
  out["bos_token_id"] = optional_id(config.bos_token_id);
  out["eos_token_id"] = end_ids(config.eos_token_ids);
  out["use_cache"] = true;
  out["dtype"] = config.dtype;
  out["torch_dtype"] = config.dtype;
  return formats::python_json(json::serialize(out)) + "\n";
}

Result<Lfm2Config> preset(std::string_view name) {
  std::string known;
  for (Preset& candidate : presets()) {
    if (name == candidate.name) return std::move(candidate.config);
    known += (known.empty() ? "" : ", ") + std::string(candidate.name);
  }
  return Error{ErrorCode::not_found,
               "no preset is named '" + std::string(name) + "'; there are " + known};
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& candidate : presets()) names.emplace_back(candidate.name);
  return names;
}

}  // namespace liquid::lfm2
