#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/attention.h"
#include "kernels/matrix.h"
#include "kernels/team.h"
#include "lfm2/config.h"
#include "lfm2/model/dropout.h"
#include "lfm2/model/weight.h"

/// The arithmetic of the model, forward and backward, one call for each formula. Letters:
/// T positions, H hidden size, I and O in and out features, R rank, N heads, D head size, V rows of
/// the vocabulary, F feed-forward width. Matrices are tensors of two dimensions whose rows lie
/// without gaps; gradients of parameters are float32 and always added to.
namespace liquid::lfm2 {

/// Documents one behind the other: document i is [borders[i], borders[i+1]).
struct Sequence {
  std::vector<std::int64_t> borders{0};
  std::int64_t first_position = 0;  ///< of each document's first token; > 0 in generation

  std::int64_t length() const { return borders.back(); }
  std::int64_t longest() const;
};

struct NormGradient {
  at::Tensor x;     ///< (T, H), the input of the forward pass
  at::Tensor rstd;  ///< (T) as the forward pass left it
  at::Tensor dy;    ///< (T, H)
  at::Tensor dx;    ///< (T, H); may be dy
  kernels::Write write = kernels::Write::replace;
};

struct Normed {
  at::Tensor y;     ///< (T, H)
  at::Tensor rstd;  ///< (T) float32
};

struct ForwardPart {
  const Weight* weight = nullptr;
  at::Tensor y;      ///< (T, O)
  at::Tensor low{};  ///< h = x·Aᵀ (T, R); undefined: no adapter
  const Adapter* adapter = nullptr;
  kernels::Write write = kernels::Write::replace;
};

struct BackwardPart {
  at::Tensor dy;  ///< (T, O)
  const Weight* weight = nullptr;
  at::Tensor low{};  ///< g = dy·B (T, R); undefined: no adapter in this product
  const Adapter* adapter = nullptr;
};

struct ConvWeights {
  at::Tensor kernel;  ///< (H, K) float32
  at::Tensor bias;    ///< (H) float32; undefined: none
  at::Tensor kernel_gradient;
  at::Tensor bias_gradient;
};

struct ConvGradient {
  at::Tensor bcx;
  at::Tensor dy;
};

struct HeadNorm {
  const Norm* norm = nullptr;
  const Sequence* sequence = nullptr;
};

struct Rotated {
  at::Tensor y;     ///< (T, N·D)
  at::Tensor rstd;  ///< (T, N) float32
};

struct RotationGradient {
  at::Tensor x;
  at::Tensor rstd;
  at::Tensor dy;  ///< becomes dx
};

struct Attended {
  at::Tensor out;  ///< (T, N·D)
  at::Tensor lse;  ///< (N, T) float32
};

struct QueryKeyValue {
  at::Tensor q;  ///< (T, N·D)
  at::Tensor k;  ///< (T, kv heads · D)
  at::Tensor v;
};

struct AttentionGradient {
  QueryKeyValue inputs;
  Attended forward;
  at::Tensor dout;
};

struct TokenLoss {
  double sum = 0;
  std::int64_t count = 0;
};

enum class Gradient { none, wanted };

/// Not split: these are the formulas of one model, and both implementations need all of them.
class Ops {
 public:
  virtual ~Ops() = default;

  /// An uninitialised (rows, cols) matrix of activations; its memory is used again when dropped.
  virtual at::Tensor matrix(std::int64_t rows, std::int64_t cols) = 0;
  /// The same in float32 whatever the activations' type.
  virtual at::Tensor float_matrix(std::int64_t rows, std::int64_t cols) = 0;
  /// A copy whose memory is used again when dropped.
  virtual at::Tensor copy(const at::Tensor& x) = 0;

  /// Rows `ids` of the table, (T, H).
  virtual at::Tensor embed(const Weight& table, std::span<const std::int32_t> ids) = 0;
  /// gradient[ids[t]] += dx[t].
  virtual void embed_backward(std::span<const std::int32_t> ids, const at::Tensor& dx,
                              const at::Tensor& gradient) = 0;
  /// Rows `index` of x.
  virtual at::Tensor gather(const at::Tensor& x, std::span<const std::int64_t> index) = 0;
  /// A (rows, H) matrix of zeros but for rows `index`, which are those of `x`.
  virtual at::Tensor scatter(const at::Tensor& x, std::span<const std::int64_t> index,
                             std::int64_t rows) = 0;

  virtual Normed rms_norm(const Norm& norm, const at::Tensor& x) = 0;
  virtual void rms_norm_backward(const Norm& norm, const NormGradient& gradient) = 0;

  /// y (=|+=) x·Wᵀ + scale · low · Bᵀ for each part.
  virtual void linear_forward(const at::Tensor& x, std::span<const ForwardPart> parts) = 0;
  /// dx (=|+=) Σ dy·W + scale · low · A.
  virtual void linear_backward(std::span<const BackwardPart> parts, const at::Tensor& dx,
                               kernels::Write write) = 0;
  /// x·Aᵀ, (T, R).
  virtual at::Tensor low_rank(const at::Tensor& x, const at::Tensor& a) = 0;
  /// dy·B, (T, R).
  virtual at::Tensor low_rank_backward(const at::Tensor& dy, const at::Tensor& b) = 0;
  /// gradient += scale · dyᵀ·x, (columns of dy, columns of x).
  virtual void add_weight_gradient(const at::Tensor& dy, const at::Tensor& x, float scale,
                                   const at::Tensor& gradient) = 0;
  /// Every row of y += bias.
  virtual void add_bias(const at::Tensor& y, const at::Tensor& bias) = 0;
  /// gradient += sum of the rows of dy.
  virtual void add_bias_gradient(const at::Tensor& dy, const at::Tensor& gradient) = 0;

  /// x where the mask keeps it, divided by the share kept; 0 elsewhere.
  virtual at::Tensor dropped(const at::Tensor& x, const DropoutMask& mask) = 0;
  /// dx += dropped(scale · low · A).
  virtual void add_dropped(const BackwardPart& part, const DropoutMask& mask,
                           const at::Tensor& dx) = 0;

  /// bcx (T, 3H) → (T, H).
  virtual at::Tensor short_conv(const ConvWeights& conv, const Sequence& sequence,
                                const at::Tensor& bcx) = 0;
  /// Gradient by bcx.
  virtual at::Tensor short_conv_backward(const ConvWeights& conv, const Sequence& sequence,
                                         const ConvGradient& gradient) = 0;
  /// One continuing document; `state` (K − 1, H) float32 is brought up to date.
  virtual at::Tensor short_conv_step(const ConvWeights& conv, const at::Tensor& bcx,
                                     const at::Tensor& state) = 0;

  /// RMSNorm of each head, then rotation by position.
  virtual Rotated head_rope(const HeadNorm& norm, const at::Tensor& x) = 0;
  virtual void head_rope_backward(const HeadNorm& norm, const RotationGradient& gradient) = 0;

  virtual Attended attention(const Sequence& sequence, const QueryKeyValue& inputs) = 0;
  virtual QueryKeyValue attention_backward(const Sequence& sequence,
                                           const AttentionGradient& gradient) = 0;
  /// q are the last positions of k and v.
  virtual at::Tensor attention_cached(const QueryKeyValue& inputs) = 0;

  /// silu(gate) ⊙ up.
  virtual at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) = 0;
  /// Replaces gate and up by their gradients.
  virtual void swiglu_backward(const at::Tensor& gate, const at::Tensor& up,
                               const at::Tensor& dy) = 0;

  /// Sum of the token losses; with Gradient::wanted `logits` becomes scale · its gradient.
  virtual TokenLoss cross_entropy(const at::Tensor& logits, std::span<const std::int64_t> labels,
                                  Gradient gradient, float scale) = 0;
};

/// What an implementation needs to know of the model.
struct OpsShape {
  kernels::AttentionShape attention;
  double norm_eps = 1e-5;
  double rope_theta = 1e6;
};
OpsShape shape_of(const Lfm2Config& config);

/// By ATen's operators: on every device, in any number type of activations.
std::unique_ptr<Ops> make_aten_ops(const OpsShape& shape, at::TensorOptions activations);

/// By src/kernels: float32 in host memory. Without a team it makes its own.
std::unique_ptr<Ops> make_cpu_ops(const OpsShape& shape, kernels::Team* team);

}  // namespace liquid::lfm2
