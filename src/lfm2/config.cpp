#include "lfm2/config.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "base/file.h"

// config.json = object with, among others (absent or null = the default of transformers' class):
//
//   model_type                    "lfm2"
//   hidden_size, num_hidden_layers, num_attention_heads, num_key_value_heads, vocab_size,
//   max_position_embeddings, conv_L_cache, conv_bias, norm_eps, initializer_range, head_dim
//   block_ff_dim | intermediate_size            the first wins
//   block_auto_adjust_ff_dim, block_ffn_dim_multiplier, block_multiple_of    see below
//   tie_embedding | tie_word_embeddings         the first wins
//   rope_parameters.rope_theta | rope_scaling.rope_theta | theta | rope_theta   the first wins
//   layer_types: ["conv" | "full_attention", …] | full_attn_idxs: [n, …] | all attention
//   pad_token_id, bos_token_id, eos_token_id (number or list), dtype | torch_dtype
//
// Width of the feed-forward part, from ff (block_ff_dim or intermediate_size), when auto-adjust:
//   ff = ⌊2·ff/3⌋;  with a multiplier m: ff = ⌊m·ff⌋, rounded up to a multiple of
//   block_multiple_of.
// Without a multiplier (null) today's transformers does not round; its first version and llama.cpp
// do. Every published file has a multiplier, so both give the same there.

namespace liquid::lfm2 {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxConfigBytes = 16U << 20;
/// Keeps every product of two sizes far away from overflow.
constexpr std::int64_t kMaxSize = 1 << 24;
constexpr std::int64_t kMaxLayers = 4096;

Error corrupt(std::string message) { return {ErrorCode::data_corrupt, std::move(message)}; }
Error unsupported(std::string message) { return {ErrorCode::unsupported, std::move(message)}; }

/// Reads fields and keeps the first complaint, so that the reader below is one list.
class Fields {
 public:
  explicit Fields(const json::object& object) : object_(object) {}

  const json::value* find(std::string_view key) const {
    const json::value* value = object_.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  /// Whether it stands there, be it null.
  bool contains(std::string_view key) const { return object_.contains(key); }

  std::optional<std::int64_t> integer(std::string_view key) {
    const json::value* value = find(key);
    if (value == nullptr) return std::nullopt;
    const std::optional<std::int64_t> number = whole(*value);
    if (!number) complain(key, "a whole number");
    return number;
  }

  std::optional<double> number(std::string_view key) {
    const json::value* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (const double* real = value->if_double()) return *real;
    if (const std::optional<std::int64_t> count = whole(*value)) {
      return static_cast<double>(*count);
    }
    complain(key, "a number");
    return std::nullopt;
  }

  std::optional<bool> flag(std::string_view key) {
    const json::value* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (const bool* truth = value->if_bool()) return *truth;
    complain(key, "true or false");
    return std::nullopt;
  }

  std::optional<std::string> text(std::string_view key) {
    const json::value* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (const json::string* string = value->if_string()) return std::string(*string);
    complain(key, "a text");
    return std::nullopt;
  }

  std::optional<std::vector<std::int64_t>> integers(std::string_view key) {
    const json::value* value = find(key);
    if (value == nullptr) return std::nullopt;
    std::vector<std::int64_t> numbers;
    const json::array* array = value->if_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
      const std::optional<std::int64_t> number = whole((*array)[i]);
      if (number) numbers.push_back(*number);
    }
    if (array != nullptr && numbers.size() == array->size()) return numbers;
    complain(key, "a list of whole numbers");
    return std::nullopt;
  }

  const json::object* object(std::string_view key) {
    const json::value* value = find(key);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) complain(key, "an object");
    return value->if_object();
  }

  void complain(std::string_view key, std::string_view wanted) {
    if (!complaint_.empty()) return;
    complaint_ = "'" + std::string(key) + "' must be " + std::string(wanted);
    if (const json::value* value = object_.if_contains(key)) {
      complaint_ += ", it is " + json::serialize(*value).substr(0, 60);
    }
  }
  const std::string& complaint() const { return complaint_; }

 private:
  /// A number without a fraction: 1e6 counts.
  static std::optional<std::int64_t> whole(const json::value& value) {
    if (const std::int64_t* number = value.if_int64()) return *number;
    const double* real = value.if_double();
    if (real == nullptr || std::abs(*real) > 9e15 || std::floor(*real) != *real) {
      return std::nullopt;
    }
    return static_cast<std::int64_t>(*real);
  }

  const json::object& object_;
  std::string complaint_;
};

Result<void> check_model_type(Fields& fields) {
  const std::string type = fields.text("model_type").value_or("");
  if (type == "lfm2") return {};
  if (type == "lfm2_moe") {
    return unsupported(
        "model_type is \"lfm2_moe\": mixture-of-experts models (LFM2-8B-A1B, LFM2-24B-A2B) are not "
        "supported, only dense LFM2 and LFM2.5");
  }
  if (type.empty()) return corrupt("has no 'model_type'; \"lfm2\" was expected");
  return unsupported("model_type is \"" + type + "\"; only \"lfm2\" is supported");
}

void read_sizes(Fields& fields, Lfm2Config& config) {
  const auto take = [&fields](std::string_view key, std::int64_t& into) {
    into = fields.integer(key).value_or(into);
  };
  take("vocab_size", config.vocab_size);
  take("hidden_size", config.hidden_size);
  take("num_attention_heads", config.num_attention_heads);
  take("num_key_value_heads", config.num_key_value_heads);
  take("head_dim", config.head_size);
  take("conv_L_cache", config.conv_kernel);
  take("max_position_embeddings", config.max_position_embeddings);
  config.norm_eps = fields.number("norm_eps").value_or(config.norm_eps);
  config.initializer_range = fields.number("initializer_range").value_or(config.initializer_range);
  if (fields.flag("conv_bias").value_or(false)) config.conv_bias = Lfm2Config::ConvBias::present;
  const bool tied = fields.flag("tie_word_embeddings").value_or(true);
  if (!fields.flag("tie_embedding").value_or(tied)) config.head = Lfm2Config::Head::own;
  // Written out or not, it is the same model.
  if (config.num_attention_heads > 0 &&
      config.head_size * config.num_attention_heads == config.hidden_size) {
    config.head_size = 0;
  }
}

std::int64_t scaled(double factor, std::int64_t size) {
  const double product = std::floor(factor * static_cast<double>(size));
  return product >= 0 && product < static_cast<double>(kMaxSize)
             ? static_cast<std::int64_t>(product)
             : 0;  // refused by validate
}

void read_width(Fields& fields, Lfm2Config& config) {
  const std::int64_t given =
      fields.integer("block_ff_dim").value_or(fields.integer("intermediate_size").value_or(12288));
  config.feed_forward_size = given;
  if (!fields.flag("block_auto_adjust_ff_dim").value_or(true)) return;
  if (given < 0 || given > kMaxSize) return;
  const std::int64_t multiple = fields.integer("block_multiple_of").value_or(256);
  const auto rounded = [multiple](std::int64_t size) {
    return multiple > 0 && multiple < kMaxSize ? (size + multiple - 1) / multiple * multiple : 0;
  };
  const std::int64_t two_thirds = 2 * given / 3;
  const json::value* multiplier = fields.find("block_ffn_dim_multiplier");
  config.feed_forward_size =
      rounded(scaled(fields.number("block_ffn_dim_multiplier").value_or(1.0), two_thirds));
  if (multiplier == nullptr && fields.contains("block_ffn_dim_multiplier")) {
    config.older_feed_forward_size = rounded(two_thirds);
    config.feed_forward_size = two_thirds;
  }
}

Result<void> read_rope(Fields& fields, Lfm2Config& config) {
  config.rope_theta = fields.number("rope_theta").value_or(config.rope_theta);
  config.rope_theta = fields.number("theta").value_or(config.rope_theta);
  for (const std::string_view key : {"rope_scaling", "rope_parameters"}) {
    const json::object* object = fields.object(key);
    if (object == nullptr) continue;
    Fields rope(*object);
    const std::string type = rope.text("rope_type").value_or(rope.text("type").value_or("default"));
    if (type != "default") {
      return unsupported("'" + std::string(key) + "' asks for rotary positions of type \"" + type +
                         "\"; only \"default\" is supported");
    }
    if (rope.number("partial_rotary_factor").value_or(1.0) != 1.0) {
      return unsupported("'partial_rotary_factor' other than 1 is not supported");
    }
    config.rope_theta = rope.number("rope_theta").value_or(config.rope_theta);
    if (!rope.complaint().empty()) return corrupt(std::string(key) + ": " + rope.complaint());
  }
  return {};
}

Result<void> read_layer_types(const json::value& value, Lfm2Config& config) {
  const json::array* types = value.if_array();
  if (types == nullptr) return corrupt("'layer_types' must be a list");
  for (const json::value& type : *types) {
    const std::string name = type.is_string() ? std::string(type.get_string()) : "";
    if (name == "conv") {
      config.layers.push_back(LayerKind::conv);
    } else if (name == "full_attention") {
      config.layers.push_back(LayerKind::attention);
    } else {
      return unsupported("'layer_types' holds " + json::serialize(type).substr(0, 60) +
                         "; \"conv\" and \"full_attention\" are known");
    }
  }
  return {};
}

Result<void> read_layers(Fields& fields, Lfm2Config& config) {
  const std::int64_t count = fields.integer("num_hidden_layers").value_or(32);
  if (count < 1 || count > kMaxLayers) {
    return Error{ErrorCode::invalid_argument, "'num_hidden_layers' is " + std::to_string(count) +
                                                  ", expected 1 to " + std::to_string(kMaxLayers)};
  }
  if (const json::value* types = fields.find("layer_types")) {
    if (Result<void> read = read_layer_types(*types, config); !read) return read;
    if (config.num_layers() == count) return {};
    return Error{ErrorCode::invalid_argument,
                 "'layer_types' has " + std::to_string(config.num_layers()) +
                     " entries, 'num_hidden_layers' is " + std::to_string(count)};
  }
  const std::optional<std::vector<std::int64_t>> attention = fields.integers("full_attn_idxs");
  config.layers.assign(static_cast<std::size_t>(count),
                       attention ? LayerKind::conv : LayerKind::attention);
  for (const std::int64_t index : attention.value_or(std::vector<std::int64_t>())) {
    if (index < 0 || index >= count) {
      return Error{
          ErrorCode::invalid_argument,
          "'full_attn_idxs' names layer " + std::to_string(index) + " of " + std::to_string(count)};
    }
    config.layers[static_cast<std::size_t>(index)] = LayerKind::attention;
  }
  return {};
}

void read_tokens(Fields& fields, Lfm2Config& config) {
  const auto take = [&fields](std::string_view key, std::optional<std::int64_t>& into) {
    if (fields.contains(key)) into = fields.integer(key);
  };
  take("pad_token_id", config.pad_token_id);
  take("bos_token_id", config.bos_token_id);
  if (!fields.contains("eos_token_id")) return;
  const json::value* eos = fields.find("eos_token_id");
  if (eos == nullptr) {
    config.eos_token_ids.clear();
  } else if (eos->is_array()) {
    config.eos_token_ids = fields.integers("eos_token_id").value_or(config.eos_token_ids);
  } else if (const std::optional<std::int64_t> one = fields.integer("eos_token_id")) {
    config.eos_token_ids = {*one};
  }
}

/// "torch.bfloat16", which some files have, is "bfloat16".
void read_dtype(Fields& fields, Lfm2Config& config) {
  std::optional<std::string> name = fields.text("dtype");
  if (!name) name = fields.text("torch_dtype");
  if (!name) return;
  config.dtype = name->starts_with("torch.") ? name->substr(6) : *name;
}

Result<Lfm2Config> read_object(const json::object& object) {
  Fields fields(object);
  if (Result<void> type = check_model_type(fields); !type) return std::move(type).error();
  Lfm2Config config;
  read_sizes(fields, config);
  read_width(fields, config);
  if (Result<void> rope = read_rope(fields, config); !rope) return std::move(rope).error();
  if (Result<void> layers = read_layers(fields, config); !layers) return std::move(layers).error();
  read_tokens(fields, config);
  read_dtype(fields, config);
  if (!fields.complaint().empty()) return corrupt(fields.complaint());
  if (Result<void> sound = validate(config); !sound) return std::move(sound).error();
  return config;
}

Error invalid(const std::string& field, const std::string& value, const std::string& wanted) {
  return {ErrorCode::invalid_argument, "'" + field + "' is " + value + ", expected " + wanted};
}

struct NamedSize {
  const char* name;
  std::int64_t value;
};

}  // namespace

Result<void> validate(const Lfm2Config& config) {
  const NamedSize sizes[] = {{"vocab_size", config.vocab_size},
                             {"hidden_size", config.hidden_size},
                             {"intermediate_size", config.feed_forward_size},
                             {"num_attention_heads", config.num_attention_heads},
                             {"num_key_value_heads", config.num_key_value_heads},
                             {"conv_L_cache", config.conv_kernel},
                             {"max_position_embeddings", config.max_position_embeddings}};
  for (const NamedSize& size : sizes) {
    if (size.value >= 1 && size.value <= kMaxSize) continue;
    return invalid(size.name, std::to_string(size.value), "1 to " + std::to_string(kMaxSize));
  }
  if (config.head_size < 0 || config.head_size > kMaxSize) {
    return invalid("head_dim", std::to_string(config.head_size), "a positive number");
  }
  if (config.head_size == 0 && config.hidden_size % config.num_attention_heads != 0) {
    return invalid(
        "hidden_size", std::to_string(config.hidden_size),
        "a multiple of num_attention_heads (" + std::to_string(config.num_attention_heads) + ")");
  }
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    return invalid(
        "num_key_value_heads", std::to_string(config.num_key_value_heads),
        "a divisor of num_attention_heads (" + std::to_string(config.num_attention_heads) + ")");
  }
  if (config.head_dim() % 2 != 0 || config.head_dim() == 0) {
    return invalid("head_dim", std::to_string(config.head_dim()),
                   "an even number, for rotary positions");
  }
  if (config.layers.empty()) return invalid("layer_types", "empty", "one entry for each layer");
  if (!(config.norm_eps > 0 && config.norm_eps < 1)) {
    return invalid("norm_eps", std::to_string(config.norm_eps), "a small positive number");
  }
  if (!(config.rope_theta >= 1 && std::isfinite(config.rope_theta))) {
    return invalid("rope_theta", std::to_string(config.rope_theta), "1 or more");
  }
  return {};
}

Result<Lfm2Config> parse_config(std::string_view text) {
  json::error_code problem;
  const json::value root = json::parse(text, problem);
  if (problem || !root.is_object()) return corrupt("is not the JSON of a model configuration");
  return read_object(root.get_object());
}

Result<Lfm2Config> read_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.json";
  const Result<std::string> text = read_file(file, kMaxConfigBytes);
  if (!text) return text.error();
  Result<Lfm2Config> config = parse_config(*text);
  if (!config) return std::move(config).error().with_context(file.string());
  return config;
}

}  // namespace liquid::lfm2
