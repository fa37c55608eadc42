#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/safetensors.h"
#include "lfm2/config.h"

namespace liquid::lfm2 {

enum class TensorRole { linear, norm, conv, bias, embedding, head };

inline constexpr std::int64_t kNoLayer = -1;

struct ExpectedTensor {
  std::string name;  ///< as in the checkpoint, e.g. "model.layers.3.conv.in_proj.weight"
  std::vector<std::uint64_t> shape;
  TensorRole role = TensorRole::linear;
  std::int64_t layer = kNoLayer;
  enum class Presence { required, may_be_absent } presence = Presence::required;
  bool operator==(const ExpectedTensor&) const = default;

  std::uint64_t elements() const;
};

/// Every tensor of the model, in the order of the forward pass. A tied head is listed and may be
/// absent.
std::vector<ExpectedTensor> expected_tensors(const Lfm2Config& config);

/// Parameters by kind; a tied head counts once, as embedding.
struct ParameterCount {
  std::uint64_t linear = 0;
  std::uint64_t embedding = 0;
  std::uint64_t head = 0;
  std::uint64_t norm = 0;
  std::uint64_t conv = 0;  ///< with biases
  std::uint64_t total() const { return linear + embedding + head + norm + conv; }
};
ParameterCount count_parameters(const Lfm2Config& config);

/// Takes the width of feed_forward.w1 from the checkpoint where loaders disagree about the rule
/// (`older_feed_forward_size`) and the checkpoint was made by the older one; otherwise `config`.
Lfm2Config with_width_of(Lfm2Config config, std::span<const formats::TensorEntry> available);

/// Compares what a checkpoint has with what the configuration asks for. Error: data_corrupt, whose
/// message lists missing, extra and misshaped tensors by name, and says so when the width of
/// feed_forward.w1 contradicts the configuration.
Result<void> check_tensors(const Lfm2Config& config,
                           std::span<const formats::TensorEntry> available);

}  // namespace liquid::lfm2
