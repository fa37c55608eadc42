#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "lfm2/adapter.h"
#include "lfm2/config.h"

namespace liquid::lfm2 {

/// A linear module that can carry an adapter.
struct TargetModule {
  std::string path;  ///< "model.layers.0.conv.in_proj"
  std::string kind;  ///< "conv.in_proj": the path within the layer
  std::int64_t layer = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  bool operator==(const TargetModule&) const = default;
};

/// All linear modules of the layers, in the order of the forward pass (not the head).
std::vector<TargetModule> linear_modules(const Lfm2Config& config);

struct TargetSelection {
  std::vector<TargetModule> modules;    ///< in the order of the forward pass
  std::vector<std::string> peft_names;  ///< the shortest list of names that PEFT reads as the same
  std::vector<std::string> translations;  ///< "o_proj is out_proj in LFM2", for the user
};

/// Which modules `wanted` means; empty or "all-linear" means all linear modules. Each entry is a
/// name (the last dotted parts of a path: "w1", "conv.out_proj", "layers.2.self_attn.q_proj"), a
/// Llama name (o_proj, gate_proj, up_proj, down_proj), or a regular expression for the whole path.
/// Errors: not_found (an entry fits nothing; the message lists what exists), unsupported
/// (embedding, head, norm or convolution kernel), invalid_argument (a bad expression).
Result<TargetSelection> resolve_targets(const Lfm2Config& config,
                                        std::span<const std::string> wanted);

/// One row for each kind of module.
struct TargetRow {
  std::string kind;
  std::int64_t modules = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::uint64_t parameters = 0;  ///< trained ones
};

struct TargetTable {
  std::vector<TargetRow> rows;
  std::uint64_t trained = 0;
  std::uint64_t model = 0;  ///< parameters of the base model
};

TargetTable tabulate(const Lfm2Config& config, std::span<const TargetModule> modules,
                     const LoraSettings& settings);
/// Aligned columns and a last line with the share of the model, each line ended.
std::string to_text(const TargetTable& table);

}  // namespace liquid::lfm2
