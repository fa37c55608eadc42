#include "lfm2/gguf_names.h"

namespace liquid::lfm2 {
namespace {

struct NamePair {
  std::string_view checkpoint;
  std::string_view gguf;
};

constexpr NamePair kOutside[] = {{"model.embed_tokens.weight", "token_embd.weight"},
                                 // The final norm: llama.cpp has a name of its own for LFM2's.
                                 {"model.embedding_norm.weight", "token_embd_norm.weight"},
                                 {"lm_head.weight", "output.weight"}};

constexpr NamePair kInLayer[] = {{"operator_norm", "attn_norm"},
                                 {"ffn_norm", "ffn_norm"},
                                 {"self_attn.q_proj", "attn_q"},
                                 {"self_attn.k_proj", "attn_k"},
                                 {"self_attn.v_proj", "attn_v"},
                                 {"self_attn.out_proj", "attn_output"},
                                 {"self_attn.q_layernorm", "attn_q_norm"},
                                 {"self_attn.k_layernorm", "attn_k_norm"},
                                 {"conv.conv", "shortconv.conv"},
                                 {"conv.in_proj", "shortconv.in_proj"},
                                 {"conv.out_proj", "shortconv.out_proj"},
                                 {"feed_forward.w1", "ffn_gate"},
                                 {"feed_forward.w3", "ffn_up"},
                                 {"feed_forward.w2", "ffn_down"}};

constexpr std::string_view kLayers = "model.layers.";
constexpr std::string_view kWeight = ".weight";

}  // namespace

std::optional<std::string> gguf_name(std::string_view checkpoint_name) {
  for (const NamePair& pair : kOutside) {
    if (checkpoint_name == pair.checkpoint) return std::string(pair.gguf);
  }
  if (!checkpoint_name.starts_with(kLayers) || !checkpoint_name.ends_with(kWeight)) {
    return std::nullopt;
  }
  std::string_view rest = checkpoint_name.substr(kLayers.size());
  rest.remove_suffix(kWeight.size());
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  for (const NamePair& pair : kInLayer) {
    if (rest.substr(dot + 1) != pair.checkpoint) continue;
    return "blk." + std::string(rest.substr(0, dot)) + "." + std::string(pair.gguf) +
           std::string(kWeight);
  }
  return std::nullopt;
}

}  // namespace liquid::lfm2
