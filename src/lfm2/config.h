#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::lfm2 {

enum class LayerKind { conv, attention };

/// A dense LFM2 or LFM2.5 by its numbers; every size is data, nothing is assumed from a name.
struct Lfm2Config {
  std::int64_t vocab_size = 65536;  ///< rows of the embedding; the tokenizer may use fewer
  std::int64_t hidden_size = 2560;
  std::int64_t feed_forward_size = 8192;  ///< the width in use, after the file's rounding rules
  /// Where the rules of different loaders disagree (see config.cpp), the width by the older one.
  std::optional<std::int64_t> older_feed_forward_size = std::nullopt;
  std::int64_t num_attention_heads = 32;
  std::int64_t num_key_value_heads = 8;
  std::int64_t head_size = 0;  ///< 0: hidden_size / num_attention_heads, as in all published models
  std::int64_t conv_kernel = 3;
  enum class ConvBias { absent, present } conv_bias = ConvBias::absent;
  enum class Head { tied, own } head = Head::tied;
  double norm_eps = 1e-5;
  double rope_theta = 1e6;
  std::int64_t max_position_embeddings = 128000;
  double initializer_range = 0.02;
  std::optional<std::int64_t> pad_token_id = 0;
  std::optional<std::int64_t> bos_token_id = 1;
  std::vector<std::int64_t> eos_token_ids{2};
  std::vector<LayerKind> layers;  ///< one entry for each layer
  std::string dtype = "float32";  ///< what the weights are stored in, as torch names it

  bool operator==(const Lfm2Config&) const = default;

  std::int64_t num_layers() const { return static_cast<std::int64_t>(layers.size()); }
  std::int64_t head_dim() const {
    return head_size > 0 ? head_size : hidden_size / num_attention_heads;
  }
  std::int64_t query_size() const { return num_attention_heads * head_dim(); }
  std::int64_t key_value_size() const { return num_key_value_heads * head_dim(); }
};

/// Reads `config.json` of any generation (all aliases, see config.cpp). Errors: data_corrupt (no
/// JSON object, a field of the wrong kind), unsupported (mixture of experts, another model_type,
/// scaled RoPE), invalid_argument (numbers that make no model, e.g. heads that do not divide).
Result<Lfm2Config> parse_config(std::string_view json);
/// The same from `folder`/config.json; errors name the file.
Result<Lfm2Config> read_config(const std::filesystem::path& folder);

/// Says whether the numbers make a model: positive sizes, heads that divide. Error:
/// invalid_argument, which names the field.
Result<void> validate(const Lfm2Config& config);

/// A `config.json` that old and new loaders read: both names of each renamed field.
std::string to_json(const Lfm2Config& config);

/// "tiny", "230m", "350m", "700m", "1.2b", "2.6b": shapes of the published models (tiny: of none).
/// The vocabulary is the published one (65 536 rows; tiny: 4096); who trains a tokenizer sets it.
/// Errors: not_found, which lists the names.
Result<Lfm2Config> preset(std::string_view name);
std::vector<std::string> preset_names();

}  // namespace liquid::lfm2
