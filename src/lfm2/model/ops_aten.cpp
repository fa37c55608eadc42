#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "lfm2/model/device_nf4.h"
#include "lfm2/model/ops.h"

// Written for clarity and for any device: the reference that the CPU kernels are tested against,
// and what CUDA runs. Softmax, norms, rotation and losses are computed in float32 whatever the type
// of the activations, as the reference implementation does.
namespace liquid::lfm2 {
namespace {

using kernels::Write;

// Scores of this many queries at a time: long documents must not need memory for a square.
constexpr std::int64_t kQueryRows = 512;

void put(const at::Tensor& target, const at::Tensor& value, Write write) {
  if (write == Write::add) {
    target.add_(value);
  } else {
    target.copy_(value);
  }
}

class AtenOps final : public Ops {
 public:
  AtenOps(const OpsShape& shape, at::TensorOptions activations)
      : shape_(shape), options_(activations), floats_(activations.dtype(at::kFloat)) {}

  at::Tensor matrix(std::int64_t rows, std::int64_t cols) override {
    return at::empty({rows, cols}, options_);
  }
  at::Tensor float_matrix(std::int64_t rows, std::int64_t cols) override {
    return at::empty({rows, cols}, floats_);
  }
  at::Tensor copy(const at::Tensor& x) override { return x.clone(); }

  at::Tensor embed(const Weight& table, std::span<const std::int32_t> ids) override {
    return table.dense.index_select(0, indices(ids)).to(options_.dtype());
  }
  void embed_backward(std::span<const std::int32_t> ids, const at::Tensor& dx,
                      const at::Tensor& gradient) override {
    gradient.index_add_(0, indices(ids), dx.to(at::kFloat));
  }
  at::Tensor gather(const at::Tensor& x, std::span<const std::int64_t> index) override {
    return x.index_select(0, indices(index));
  }
  at::Tensor scatter(const at::Tensor& x, std::span<const std::int64_t> index,
                     std::int64_t rows) override {
    return at::zeros({rows, x.size(1)}, x.options()).index_copy_(0, indices(index), x);
  }

  Normed rms_norm(const Norm& norm, const at::Tensor& x) override;
  void rms_norm_backward(const Norm& norm, const NormGradient& gradient) override;

  void linear_forward(const at::Tensor& x, std::span<const ForwardPart> parts) override;
  void linear_backward(std::span<const BackwardPart> parts, const at::Tensor& dx,
                       Write write) override;
  at::Tensor low_rank(const at::Tensor& x, const at::Tensor& a) override {
    return at::mm(x, a.to(x.scalar_type()).t());
  }
  at::Tensor low_rank_backward(const at::Tensor& dy, const at::Tensor& b) override {
    return at::mm(dy, b.to(dy.scalar_type()));
  }
  void add_weight_gradient(const at::Tensor& dy, const at::Tensor& x, float scale,
                           const at::Tensor& gradient) override {
    if (dy.scalar_type() == at::kFloat) {
      gradient.addmm_(dy.t(), x, 1, scale);
    } else {
      gradient.add_(at::mm(dy.t(), x), scale);
    }
  }
  void add_bias(const at::Tensor& y, const at::Tensor& bias) override { y.add_(bias); }
  void add_bias_gradient(const at::Tensor& dy, const at::Tensor& gradient) override {
    gradient.add_(dy.to(at::kFloat).sum(0));
  }

  at::Tensor dropped(const at::Tensor& x, const DropoutMask& mask) override;
  void add_dropped(const BackwardPart& part, const DropoutMask& mask,
                   const at::Tensor& dx) override {
    const at::Tensor low = at::mm(part.low, part.adapter->a.to(part.low.scalar_type()));
    dx.add_(dropped(low, mask), part.adapter->scale);
  }

  at::Tensor short_conv(const ConvWeights& conv, const Sequence& sequence,
                        const at::Tensor& bcx) override;
  at::Tensor short_conv_backward(const ConvWeights& conv, const Sequence& sequence,
                                 const ConvGradient& gradient) override;
  at::Tensor short_conv_step(const ConvWeights& conv, const at::Tensor& bcx,
                             const at::Tensor& state) override;

  Rotated head_rope(const HeadNorm& norm, const at::Tensor& x) override;
  void head_rope_backward(const HeadNorm& norm, const RotationGradient& gradient) override;

  Attended attention(const Sequence& sequence, const QueryKeyValue& inputs) override;
  QueryKeyValue attention_backward(const Sequence& sequence,
                                   const AttentionGradient& gradient) override;
  at::Tensor attention_cached(const QueryKeyValue& inputs) override;

  at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) override {
    return at::silu(gate) * up;
  }
  void swiglu_backward(const at::Tensor& gate, const at::Tensor& up,
                       const at::Tensor& dy) override {
    const at::Tensor s = at::sigmoid(gate);
    const at::Tensor dgate = dy * up * s * (gate * (1 - s) + 1);
    up.copy_(dy * gate * s);
    gate.copy_(dgate);
  }

  TokenLoss cross_entropy(const at::Tensor& logits, std::span<const std::int64_t> labels,
                          Gradient gradient, float scale) override;

 private:
  template <typename T>
  at::Tensor indices(std::span<const T> values) const {
    at::Tensor index = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
    std::copy(values.begin(), values.end(), index.mutable_data_ptr<std::int64_t>());
    return index.to(options_.device());
  }
  at::Tensor dense(const Weight& weight, at::ScalarType type) const {
    if (weight.device_quantized.codes.defined()) {
      return dequantize(weight.device_quantized, weight.rows, weight.cols).to(type);
    }
    return weight.dense.to(type);
  }
  at::Tensor positions(const Sequence& sequence) const;
  std::pair<at::Tensor, at::Tensor> angles(const Sequence& sequence) const;
  at::Tensor convolved(const ConvWeights& conv, const at::Tensor& u,
                       const at::Tensor& position) const;
  at::Tensor by_kv_head(const at::Tensor& x, std::int64_t begin, std::int64_t end) const;
  at::Tensor by_position(const at::Tensor& x, std::int64_t length) const;
  at::Tensor scores(const at::Tensor& q, const at::Tensor& k, std::int64_t first) const;

  OpsShape shape_;
  at::TensorOptions options_;
  at::TensorOptions floats_;
};

Normed AtenOps::rms_norm(const Norm& norm, const at::Tensor& x) {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor rstd = at::rsqrt(wide.square().mean(1, true) + shape_.norm_eps);
  const at::Tensor scaled = (wide * rstd).to(x.scalar_type());
  return {scaled * norm.weight.to(x.scalar_type()), rstd.squeeze(1)};
}

void AtenOps::rms_norm_backward(const Norm& norm, const NormGradient& gradient) {
  const at::Tensor rstd = gradient.rstd.unsqueeze(1);
  const at::Tensor normed = gradient.x.to(at::kFloat) * rstd;
  const at::Tensor dy = gradient.dy.to(at::kFloat);
  if (norm.gradient.defined()) norm.gradient.add_((dy * normed).sum(0));
  const at::Tensor weighted = dy * norm.weight;
  const at::Tensor dx = rstd * (weighted - normed * (normed * weighted).mean(1, true));
  put(gradient.dx, dx, gradient.write);
}

void AtenOps::linear_forward(const at::Tensor& x, std::span<const ForwardPart> parts) {
  for (const ForwardPart& part : parts) {
    const at::Tensor weight = dense(*part.weight, x.scalar_type());
    if (part.write == Write::add) {
      part.y.addmm_(x, weight.t());
    } else {
      at::Tensor y = part.y;
      at::mm_out(y, x, weight.t());
    }
    if (!part.low.defined()) continue;
    part.y.addmm_(part.low, part.adapter->b.to(x.scalar_type()).t(), 1, part.adapter->scale);
  }
}

void AtenOps::linear_backward(std::span<const BackwardPart> parts, const at::Tensor& dx,
                              Write write) {
  if (write == Write::replace) dx.zero_();
  for (const BackwardPart& part : parts) {
    dx.addmm_(part.dy, dense(*part.weight, dx.scalar_type()));
    if (!part.low.defined()) continue;
    dx.addmm_(part.low, part.adapter->a.to(dx.scalar_type()), 1, part.adapter->scale);
  }
}

// DropoutMask::mixed in 64-bit integers that hold 32-bit numbers: ATen has no unsigned arithmetic.
at::Tensor AtenOps::dropped(const at::Tensor& x, const DropoutMask& mask) {
  constexpr std::int64_t kLow = 0xFFFFFFFF;
  const auto finish = [](at::Tensor h) {
    h = h.bitwise_xor(h.bitwise_right_shift(16)).mul(DropoutMask::kFirst).bitwise_and(kLow);
    h = h.bitwise_xor(h.bitwise_right_shift(13)).mul(DropoutMask::kSecond).bitwise_and(kLow);
    return h.bitwise_xor(h.bitwise_right_shift(16));
  };
  const at::Tensor element = at::arange(x.numel(), options_.dtype(at::kLong));
  const at::Tensor low = element.bitwise_and(kLow).bitwise_xor(std::int64_t{mask.key_low});
  const at::Tensor high = element.bitwise_right_shift(32).bitwise_xor(std::int64_t{mask.key_high});
  const at::Tensor mixed = finish(finish(low).bitwise_xor(high));
  const at::Tensor keeps = mixed.bitwise_right_shift(8).ge(std::int64_t{mask.threshold});
  return x * (keeps.to(at::kFloat) * mask.kept_scale).to(x.scalar_type()).view(x.sizes());
}

at::Tensor AtenOps::positions(const Sequence& sequence) const {
  at::Tensor position = at::empty({sequence.length()}, at::kLong);
  std::int64_t* out = position.mutable_data_ptr<std::int64_t>();
  for (std::size_t document = 0; document + 1 < sequence.borders.size(); ++document) {
    const std::int64_t begin = sequence.borders[document];
    for (std::int64_t t = begin; t < sequence.borders[document + 1]; ++t) {
      out[t] = sequence.first_position + t - begin;
    }
  }
  return position.to(options_.device());
}

at::Tensor AtenOps::convolved(const ConvWeights& conv, const at::Tensor& u,
                              const at::Tensor& position) const {
  const std::int64_t length = u.size(0);
  const std::int64_t taps = conv.kernel.size(1);
  at::Tensor v = u * conv.kernel.select(1, taps - 1);
  for (std::int64_t lag = 1; lag < std::min(taps, length); ++lag) {
    const at::Tensor seen = position.narrow(0, lag, length - lag).ge(lag).unsqueeze(1);
    v.narrow(0, lag, length - lag)
        .add_(u.narrow(0, 0, length - lag) * conv.kernel.select(1, taps - 1 - lag) * seen);
  }
  if (conv.bias.defined()) v.add_(conv.bias);
  return v;
}

at::Tensor AtenOps::short_conv(const ConvWeights& conv, const Sequence& sequence,
                               const at::Tensor& bcx) {
  const auto gates = bcx.to(at::kFloat).chunk(3, 1);
  const at::Tensor v = convolved(conv, gates[0] * gates[2], positions(sequence));
  return (gates[1] * v).to(bcx.scalar_type());
}

at::Tensor AtenOps::short_conv_backward(const ConvWeights& conv, const Sequence& sequence,
                                        const ConvGradient& gradient) {
  const auto gates = gradient.bcx.to(at::kFloat).chunk(3, 1);
  const at::Tensor position = positions(sequence);
  const at::Tensor u = gates[0] * gates[2];
  const at::Tensor v = convolved(conv, u, position);
  const at::Tensor dy = gradient.dy.to(at::kFloat);
  const at::Tensor dv = dy * gates[1];
  if (conv.bias_gradient.defined()) conv.bias_gradient.add_(dv.sum(0));

  const std::int64_t length = u.size(0);
  const std::int64_t taps = conv.kernel.size(1);
  at::Tensor du = at::zeros({length, u.size(1)}, floats_);
  for (std::int64_t lag = 0; lag < std::min(taps, length); ++lag) {
    const at::Tensor seen = position.narrow(0, lag, length - lag).ge(lag).unsqueeze(1);
    const at::Tensor arrived = dv.narrow(0, lag, length - lag) * seen;
    const std::int64_t tap = taps - 1 - lag;
    du.narrow(0, 0, length - lag).add_(arrived * conv.kernel.select(1, tap));
    if (!conv.kernel_gradient.defined()) continue;
    conv.kernel_gradient.select(1, tap).add_((arrived * u.narrow(0, 0, length - lag)).sum(0));
  }
  return at::cat({du * gates[2], dy * v, du * gates[0]}, 1).to(gradient.bcx.scalar_type());
}

at::Tensor AtenOps::short_conv_step(const ConvWeights& conv, const at::Tensor& bcx,
                                    const at::Tensor& state) {
  const auto gates = bcx.to(at::kFloat).chunk(3, 1);
  const std::int64_t past = state.size(0);
  const at::Tensor u = at::cat({state, gates[0] * gates[2]}, 0);
  const at::Tensor position = at::arange(u.size(0), options_.dtype(at::kLong));
  const at::Tensor v = convolved(conv, u, position).narrow(0, past, bcx.size(0));
  if (past > 0) state.copy_(u.narrow(0, u.size(0) - past, past));
  return (gates[1] * v).to(bcx.scalar_type());
}

// The angle is a product of two float32 numbers, as in the reference: at position 100 000 its
// rounding is visible, and has to be the same.
std::pair<at::Tensor, at::Tensor> AtenOps::angles(const Sequence& sequence) const {
  const std::int64_t size = shape_.attention.head_dim;
  const at::Tensor exponent = at::arange(0, size, 2, floats_) / static_cast<double>(size);
  const at::Tensor frequency = 1.0 / at::pow(shape_.rope_theta, exponent);
  const at::Tensor angle = positions(sequence).to(at::kFloat).unsqueeze(1) * frequency;
  return {at::cos(angle).unsqueeze(1), at::sin(angle).unsqueeze(1)};  // (T, 1, D/2)
}

Rotated AtenOps::head_rope(const HeadNorm& norm, const at::Tensor& x) {
  const std::int64_t size = shape_.attention.head_dim;
  const at::Tensor wide = x.to(at::kFloat).view({x.size(0), -1, size});  // (T, N, D)
  const at::Tensor rstd = at::rsqrt(wide.square().mean(2, true) + shape_.norm_eps);
  const auto halves = (wide * rstd * norm.norm->weight).chunk(2, 2);
  const auto [cos, sin] = angles(*norm.sequence);
  const at::Tensor rotated =
      at::cat({halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin}, 2);
  return {rotated.view(x.sizes()).to(x.scalar_type()), rstd.squeeze(2)};
}

void AtenOps::head_rope_backward(const HeadNorm& norm, const RotationGradient& gradient) {
  const std::int64_t size = shape_.attention.head_dim;
  const std::int64_t length = gradient.x.size(0);
  const auto halves = gradient.dy.to(at::kFloat).view({length, -1, size}).chunk(2, 2);
  const auto [cos, sin] = angles(*norm.sequence);
  const at::Tensor dn =
      at::cat({halves[0] * cos + halves[1] * sin, halves[1] * cos - halves[0] * sin}, 2);
  const at::Tensor rstd = gradient.rstd.unsqueeze(2);
  const at::Tensor normed = gradient.x.to(at::kFloat).view({length, -1, size}) * rstd;
  if (norm.norm->gradient.defined()) norm.norm->gradient.add_((dn * normed).sum({0, 1}));
  const at::Tensor weighted = dn * norm.norm->weight;
  const at::Tensor dx = rstd * (weighted - normed * (normed * weighted).mean(2, true));
  gradient.dy.copy_(dx.view(gradient.dy.sizes()));
}

// Rows [begin, end) of (T, heads · D) as (kv heads, queries per kv head · rows, D): the queries
// that share a kv head become rows of one product.
at::Tensor AtenOps::by_kv_head(const at::Tensor& x, std::int64_t begin, std::int64_t end) const {
  const std::int64_t length = end - begin;
  return x.narrow(0, begin, length)
      .to(at::kFloat)
      .view({length, shape_.attention.kv_heads, -1, shape_.attention.head_dim})
      .permute({1, 2, 0, 3})
      .reshape({shape_.attention.kv_heads, -1, shape_.attention.head_dim});
}

// The way back.
at::Tensor AtenOps::by_position(const at::Tensor& x, std::int64_t length) const {
  return x.view({shape_.attention.kv_heads, -1, length, shape_.attention.head_dim})
      .permute({2, 0, 1, 3})
      .reshape({length, -1});
}

// Scaled scores of queries at positions first… against the keys 0…; later keys are −∞.
at::Tensor AtenOps::scores(const at::Tensor& q, const at::Tensor& k, std::int64_t first) const {
  const std::int64_t keys = k.size(1);
  const std::int64_t queries =
      q.size(1) / (shape_.attention.query_heads / shape_.attention.kv_heads);
  at::Tensor score = at::bmm(q, k.transpose(1, 2));
  score.mul_(1.0 / std::sqrt(static_cast<double>(shape_.attention.head_dim)));
  const auto longs = options_.dtype(at::kLong);
  const at::Tensor later = at::arange(keys, longs)
                               .unsqueeze(0)
                               .gt(at::arange(first, first + queries, longs).unsqueeze(1));
  score.view({k.size(0), -1, queries, keys}).masked_fill_(later, -INFINITY);
  return score;
}

Attended AtenOps::attention(const Sequence& sequence, const QueryKeyValue& inputs) {
  const std::int64_t length = inputs.q.size(0);
  Attended result{at::empty({length, inputs.q.size(1)}, options_),
                  at::empty({shape_.attention.query_heads, length}, floats_)};
  for (std::size_t document = 0; document + 1 < sequence.borders.size(); ++document) {
    const std::int64_t begin = sequence.borders[document];
    const std::int64_t end = sequence.borders[document + 1];
    for (std::int64_t at = begin; at < end; at += kQueryRows) {
      const std::int64_t stop = std::min(at + kQueryRows, end);
      const at::Tensor score =
          scores(by_kv_head(inputs.q, at, stop), by_kv_head(inputs.k, begin, stop), at - begin);
      const at::Tensor lse = at::logsumexp(score, 2);
      const at::Tensor weights = at::exp(score - lse.unsqueeze(2));
      const at::Tensor out = at::bmm(weights, by_kv_head(inputs.v, begin, stop));
      result.out.narrow(0, at, stop - at).copy_(by_position(out, stop - at));
      result.lse.narrow(1, at, stop - at).copy_(lse.view({-1, stop - at}));
    }
  }
  return result;
}

QueryKeyValue AtenOps::attention_backward(const Sequence& sequence,
                                          const AttentionGradient& gradient) {
  const QueryKeyValue& in = gradient.inputs;
  const double scale = 1.0 / std::sqrt(static_cast<double>(shape_.attention.head_dim));
  QueryKeyValue result{at::empty(in.q.sizes(), options_), at::empty(in.k.sizes(), options_),
                       at::empty(in.v.sizes(), options_)};
  for (std::size_t document = 0; document + 1 < sequence.borders.size(); ++document) {
    const std::int64_t begin = sequence.borders[document];
    const std::int64_t end = sequence.borders[document + 1];
    at::Tensor dk =
        at::zeros({shape_.attention.kv_heads, end - begin, shape_.attention.head_dim}, floats_);
    at::Tensor dv = dk.clone();
    for (std::int64_t at = begin; at < end; at += kQueryRows) {
      const std::int64_t stop = std::min(at + kQueryRows, end);
      const at::Tensor q = by_kv_head(in.q, at, stop);
      const at::Tensor k = by_kv_head(in.k, begin, stop);
      const at::Tensor dout = by_kv_head(gradient.dout, at, stop);
      const at::Tensor lse =
          gradient.forward.lse.narrow(1, at, stop - at).reshape({k.size(0), -1, 1});
      const at::Tensor weights = at::exp(scores(q, k, at - begin) - lse);
      const at::Tensor delta =
          (dout * by_kv_head(gradient.forward.out, at, stop)).sum(2, /*keepdim=*/true);
      const at::Tensor dweights = at::bmm(dout, by_kv_head(in.v, begin, stop).transpose(1, 2));
      const at::Tensor dscores = weights * (dweights - delta) * scale;
      dv.narrow(1, 0, stop - begin).add_(at::bmm(weights.transpose(1, 2), dout));
      dk.narrow(1, 0, stop - begin).add_(at::bmm(dscores.transpose(1, 2), q));
      result.q.narrow(0, at, stop - at).copy_(by_position(at::bmm(dscores, k), stop - at));
    }
    result.k.narrow(0, begin, end - begin).copy_(by_position(dk, end - begin));
    result.v.narrow(0, begin, end - begin).copy_(by_position(dv, end - begin));
  }
  return result;
}

at::Tensor AtenOps::attention_cached(const QueryKeyValue& inputs) {
  const std::int64_t queries = inputs.q.size(0);
  const std::int64_t keys = inputs.k.size(0);
  const at::Tensor score =
      scores(by_kv_head(inputs.q, 0, queries), by_kv_head(inputs.k, 0, keys), keys - queries);
  const at::Tensor out = at::bmm(score.softmax(2), by_kv_head(inputs.v, 0, keys));
  return by_position(out, queries).to(inputs.q.scalar_type());
}

TokenLoss AtenOps::cross_entropy(const at::Tensor& logits, std::span<const std::int64_t> labels,
                                 Gradient gradient, float scale) {
  const at::Tensor label = indices(labels);
  const at::Tensor scored = label.ge(0);
  const at::Tensor picked = label.clamp_min(0).unsqueeze(1);
  const at::Tensor wide = logits.to(at::kFloat);
  const at::Tensor lse = at::logsumexp(wide, 1, /*keepdim=*/true);
  const at::Tensor loss = (lse - wide.gather(1, picked)).squeeze(1).to(at::kDouble);
  const TokenLoss result{loss.masked_fill(scored.logical_not(), 0).sum().item<double>(),
                         scored.sum().item<std::int64_t>()};
  if (gradient == Gradient::none) return result;
  at::Tensor by_logits = at::exp(wide - lse);
  by_logits.scatter_add_(1, picked, at::empty(picked.sizes(), floats_).fill_(-1));
  by_logits.mul_(scored.unsqueeze(1) * scale);
  logits.copy_(by_logits);
  return result;
}

}  // namespace

std::unique_ptr<Ops> make_aten_ops(const OpsShape& shape, at::TensorOptions activations) {
  return std::make_unique<AtenOps>(shape, activations);
}

}  // namespace liquid::lfm2
