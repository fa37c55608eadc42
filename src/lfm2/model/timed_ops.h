#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "lfm2/model/ops.h"

/// For benchmarks: where the time of a step goes.
namespace liquid::lfm2 {

struct OpTime {
  double seconds = 0;
  double flop = 0;
  std::int64_t calls = 0;
};

/// Passes every call on and adds up its time and its multiply-adds (two operations each).
class TimedOps final : public Ops {
 public:
  /// Products with a weight of `head_rows` rows are counted as the head's.
  TimedOps(std::unique_ptr<Ops> inner, std::int64_t head_rows)
      : inner_(std::move(inner)), head_rows_(head_rows) {}

  const std::map<std::string, OpTime>& times() const { return times_; }
  void clear() { times_.clear(); }

  at::Tensor matrix(std::int64_t rows, std::int64_t cols) override {
    return timed("memory", 0, [&] { return inner_->matrix(rows, cols); });
  }
  at::Tensor float_matrix(std::int64_t rows, std::int64_t cols) override {
    return timed("memory", 0, [&] { return inner_->float_matrix(rows, cols); });
  }
  at::Tensor copy(const at::Tensor& x) override {
    return timed("copy, gather, scatter", 0, [&] { return inner_->copy(x); });
  }
  at::Tensor embed(const Weight& table, std::span<const std::int32_t> ids) override {
    return timed("embedding", 0, [&] { return inner_->embed(table, ids); });
  }
  void embed_backward(std::span<const std::int32_t> ids, const at::Tensor& dx,
                      const at::Tensor& gradient) override {
    timed("embedding", 0, [&] { inner_->embed_backward(ids, dx, gradient); });
  }
  at::Tensor gather(const at::Tensor& x, std::span<const std::int64_t> index) override {
    return timed("copy, gather, scatter", 0, [&] { return inner_->gather(x, index); });
  }
  at::Tensor scatter(const at::Tensor& x, std::span<const std::int64_t> index,
                     std::int64_t rows) override {
    return timed("copy, gather, scatter", 0, [&] { return inner_->scatter(x, index, rows); });
  }
  Normed rms_norm(const Norm& norm, const at::Tensor& x) override {
    return timed("norm", 0, [&] { return inner_->rms_norm(norm, x); });
  }
  void rms_norm_backward(const Norm& norm, const NormGradient& gradient) override {
    timed("norm", 0, [&] { inner_->rms_norm_backward(norm, gradient); });
  }
  void linear_forward(const at::Tensor& x, std::span<const ForwardPart> parts) override {
    double flop = 0;
    for (const ForwardPart& part : parts) flop += cost(x.size(0), *part.weight, part.low);
    timed(product("forward", *parts.front().weight), flop,
          [&] { inner_->linear_forward(x, parts); });
  }
  void linear_backward(std::span<const BackwardPart> parts, const at::Tensor& dx,
                       kernels::Write write) override {
    double flop = 0;
    for (const BackwardPart& part : parts) flop += cost(dx.size(0), *part.weight, part.low);
    timed(product("backward", *parts.front().weight), flop,
          [&] { inner_->linear_backward(parts, dx, write); });
  }
  at::Tensor low_rank(const at::Tensor& x, const at::Tensor& a) override {
    const double flop = 2.0 * static_cast<double>(x.numel() * a.size(0));
    return timed("adapter x·Aᵀ", flop, [&] { return inner_->low_rank(x, a); });
  }
  at::Tensor low_rank_backward(const at::Tensor& dy, const at::Tensor& b) override {
    const double flop = 2.0 * static_cast<double>(dy.numel() * b.size(1));
    return timed("adapter dy·B", flop, [&] { return inner_->low_rank_backward(dy, b); });
  }
  void add_weight_gradient(const at::Tensor& dy, const at::Tensor& x, float scale,
                           const at::Tensor& gradient) override {
    const double flop = 2.0 * static_cast<double>(dy.numel() * x.size(1));
    timed("gradients of parameters", flop,
          [&] { inner_->add_weight_gradient(dy, x, scale, gradient); });
  }
  void add_bias(const at::Tensor& y, const at::Tensor& bias) override {
    timed("bias", 0, [&] { inner_->add_bias(y, bias); });
  }
  void add_bias_gradient(const at::Tensor& dy, const at::Tensor& gradient) override {
    timed("bias", 0, [&] { inner_->add_bias_gradient(dy, gradient); });
  }
  at::Tensor dropped(const at::Tensor& x, const DropoutMask& mask) override {
    return timed("dropout", 0, [&] { return inner_->dropped(x, mask); });
  }
  void add_dropped(const BackwardPart& part, const DropoutMask& mask,
                   const at::Tensor& dx) override {
    const double flop = 2.0 * static_cast<double>(dx.numel() * part.low.size(1));
    timed("dropout", flop, [&] { inner_->add_dropped(part, mask, dx); });
  }
  at::Tensor short_conv(const ConvWeights& conv, const Sequence& sequence,
                        const at::Tensor& bcx) override {
    return timed("conv", 0, [&] { return inner_->short_conv(conv, sequence, bcx); });
  }
  at::Tensor short_conv_backward(const ConvWeights& conv, const Sequence& sequence,
                                 const ConvGradient& gradient) override {
    return timed("conv", 0, [&] { return inner_->short_conv_backward(conv, sequence, gradient); });
  }
  at::Tensor short_conv_step(const ConvWeights& conv, const at::Tensor& bcx,
                             const at::Tensor& state) override {
    return timed("conv", 0, [&] { return inner_->short_conv_step(conv, bcx, state); });
  }
  Rotated head_rope(const HeadNorm& norm, const at::Tensor& x) override {
    return timed("rotation", 0, [&] { return inner_->head_rope(norm, x); });
  }
  void head_rope_backward(const HeadNorm& norm, const RotationGradient& gradient) override {
    timed("rotation", 0, [&] { inner_->head_rope_backward(norm, gradient); });
  }
  Attended attention(const Sequence& sequence, const QueryKeyValue& inputs) override {
    return timed("attention", 0, [&] { return inner_->attention(sequence, inputs); });
  }
  QueryKeyValue attention_backward(const Sequence& sequence,
                                   const AttentionGradient& gradient) override {
    return timed("attention", 0, [&] { return inner_->attention_backward(sequence, gradient); });
  }
  at::Tensor attention_cached(const QueryKeyValue& inputs) override {
    return timed("attention", 0, [&] { return inner_->attention_cached(inputs); });
  }
  at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) override {
    return timed("swiglu", 0, [&] { return inner_->swiglu(gate, up); });
  }
  void swiglu_backward(const at::Tensor& gate, const at::Tensor& up,
                       const at::Tensor& dy) override {
    timed("swiglu", 0, [&] { inner_->swiglu_backward(gate, up, dy); });
  }
  TokenLoss cross_entropy(const at::Tensor& logits, std::span<const std::int64_t> labels,
                          Gradient gradient, float scale) override {
    return timed("cross entropy", 0,
                 [&] { return inner_->cross_entropy(logits, labels, gradient, scale); });
  }

 private:
  static double cost(std::int64_t rows, const Weight& weight, const at::Tensor& low) {
    const std::int64_t rank = low.defined() ? low.size(1) : 0;
    return 2.0 * static_cast<double>(rows) *
           static_cast<double>(weight.rows * weight.cols + rank * (weight.rows + weight.cols) / 2);
  }
  std::string product(const char* direction, const Weight& weight) const {
    return std::string(weight.rows == head_rows_ ? "head " : "products ") + direction;
  }
  template <typename Call>
  auto timed(const std::string& name, double flop, const Call& call) -> decltype(call()) {
    const Timer timer(times_[name], flop);
    return call();
  }
  class Timer {
   public:
    Timer(OpTime& time, double flop) : time_(time) { time.flop += flop, ++time.calls; }
    ~Timer() {
      time_.seconds +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    OpTime& time_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  };

  std::unique_ptr<Ops> inner_;
  std::int64_t head_rows_;
  std::map<std::string, OpTime> times_;
};

}  // namespace liquid::lfm2
