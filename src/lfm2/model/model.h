#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "lfm2/adapter.h"
#include "lfm2/batch.h"
#include "lfm2/config.h"

namespace liquid::kernels {
class Team;
}

namespace liquid::lfm2 {

/// How the weights that are not trained lie in memory. 16-bit and 4-bit weights are widened tile by
/// tile inside the product; a checkpoint stored in BF16 loses nothing by staying so.
enum class FrozenStorage { as_stored, f32, bf16, nf4, nf4_double };

/// Which tensors get a gradient.
enum class Trainable { nothing, adapter, everything };

/// The number type of activations and products.
enum class ComputeType { f32, bf16 };

/// Gradient checkpointing: what is computed a second time in the backward pass instead of being
/// kept.
enum class Recompute { nothing, layers };

struct ModelOptions {
  std::string device = "cpu";  ///< "cpu", "cuda", "cuda:1"
  Trainable trainable = Trainable::nothing;
  FrozenStorage storage = FrozenStorage::as_stored;
  ComputeType compute = ComputeType::f32;
  Recompute recompute = Recompute::nothing;
  std::optional<LoraSettings> lora;      ///< a new adapter: A uniform as PEFT draws it, B zero
  std::filesystem::path adapter_folder;  ///< or one that exists; not both
  std::uint64_t seed = 42;               ///< of the new adapter's weights
  /// The threads of the CPU kernels; must outlive the model. None: the model makes its own team.
  kernels::Team* team = nullptr;
  /// Who computes: our kernels where they can (float32 on the processor), or ATen's operators
  /// everywhere, which is what other devices and number types get. For checks and comparisons.
  enum class Arithmetic {
    kernels_where_possible,
    aten
  } arithmetic = Arithmetic::kernels_where_possible;
};

/// One trained tensor, as the optimizer sees it. `name` is the tensor's name in the file it is
/// saved to (PEFT's "base_model.model.….lora_A.weight" for an adapter, the checkpoint's own
/// otherwise).
struct Parameter {
  std::string name;
  at::Tensor value;     ///< float32, contiguous, on the model's device
  at::Tensor gradient;  ///< same shape; `accumulate` adds to it
};

/// Sum of the token losses (natural logarithm) and over how many tokens.
struct Loss {
  double sum = 0;
  std::int64_t tokens = 0;
};

/// `scale` multiplies the summed loss before the gradient is taken: 1 / (trained tokens of the
/// whole optimizer step). `dropout_seed` decides the adapter's dropout masks; equal seeds, equal
/// masks.
struct Accumulation {
  double scale = 1;
  std::uint64_t dropout_seed = 0;
  enum class Dropout { as_set, off } dropout = Dropout::as_set;
};

struct Outputs {
  at::Tensor logits;  ///< [tokens, vocabulary rows], float32
  std::vector<at::Tensor>
      hidden;  ///< embedding, residual stream after each layer but the last, final norm
};

/// What a generation remembers: keys and values of attention layers, the last inputs of conv
/// layers. Belongs to the model that made it and must not outlive it.
class DecodeState {
 public:
  ~DecodeState();
  DecodeState(const DecodeState&) = delete;
  DecodeState& operator=(const DecodeState&) = delete;

  std::int64_t length() const;  ///< tokens seen

 private:
  friend class Model;
  struct Body;
  explicit DecodeState(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// An LFM2 with its weights; a resource. Calls are made from one thread at a time.
/// Forward and backward passes work on packed sequences: documents of a batch see nothing of each
/// other, neither in attention nor in the short convolutions, and positions start anew in each.
class Model {
 public:
  /// Reads config.json and the weights of `folder`. Errors: not_found, data_corrupt (missing, extra
  /// or misshaped tensors are listed by name), invalid_argument (device, adapter, targets).
  static Result<std::unique_ptr<Model>> open(const std::filesystem::path& folder,
                                             const ModelOptions& options);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const Lfm2Config& config() const;
  const std::optional<LoraSettings>& lora() const;

  /// Empty when nothing is trained. The order is that of the layers and never changes. Values and
  /// gradients are written in place; putting other tensors there does not change the model.
  std::span<Parameter> parameters();
  void zero_gradients();

  /// Forward and backward pass; adds to the gradients. Errors: invalid_argument (a token id out of
  /// range, lengths that don't add up), resource_exhausted (out of memory).
  Result<Loss> accumulate(const Batch& batch, const Accumulation& how);
  /// Forward pass only, dropout off.
  Result<Loss> evaluate(const Batch& batch);
  /// All logits; dropout off.
  Result<Outputs> outputs(const Batch& batch);

  std::unique_ptr<DecodeState> new_state() const;
  /// Feeds tokens after those the state has seen; logits of the last one, [vocabulary rows],
  /// float32. Errors: invalid_argument (no tokens, an id out of range), resource_exhausted (out of
  /// memory; the state cannot be used again).
  Result<at::Tensor> decode(std::span<const std::int32_t> tokens, DecodeState& state);

  /// A copy in host memory of any tensor of the model by its checkpoint name, float32; adapters not
  /// merged.
  Result<at::Tensor> tensor(const std::string& name) const;

 private:
  struct Body;
  explicit Model(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

}  // namespace liquid::lfm2
