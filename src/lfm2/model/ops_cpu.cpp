#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/attention.h"
#include "kernels/cross_entropy.h"
#include "kernels/gemm.h"
#include "kernels/norm.h"
#include "kernels/rope.h"
#include "kernels/short_conv.h"
#include "kernels/swiglu.h"
#include "kernels/team.h"
#include "lfm2/model/arena.h"
#include "lfm2/model/ops.h"

// Float32 on the processor: each formula is one call of src/kernels; tensors only carry the memory.
namespace liquid::lfm2 {
namespace {

using kernels::Write;

// Rows per part of the loops written here: some tens of kilobytes each.
constexpr std::int64_t kRowGrain = 16;

kernels::Matrix view(const at::Tensor& tensor) {
  assert(tensor.dim() == 2 && tensor.scalar_type() == at::kFloat);
  assert(tensor.size(1) <= 1 || tensor.stride(1) == 1);
  return {tensor.mutable_data_ptr<float>(), tensor.size(0), tensor.size(1), tensor.stride(0)};
}

kernels::ConstMatrix reading(const at::Tensor& tensor) {
  assert(tensor.dim() == 2 && tensor.scalar_type() == at::kFloat);
  assert(tensor.size(1) <= 1 || tensor.stride(1) == 1);
  return {tensor.const_data_ptr<float>(), tensor.size(0), tensor.size(1), tensor.stride(0)};
}

const float* floats(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

float* gradient_floats(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr<float>() : nullptr;
}

class CpuOps final : public Ops {
 public:
  CpuOps(const OpsShape& shape, kernels::Team* team) : shape_(shape), team_(team) {
    if (team_ == nullptr) team_ = &own_team_.emplace();
  }

  at::Tensor matrix(std::int64_t rows, std::int64_t cols) override {
    void* block = arena_->take(static_cast<std::size_t>(rows * cols) * sizeof(float));
    const auto give_back = [arena = arena_](void* memory) { arena->give_back(memory); };
    return at::from_blob(block, {rows, cols}, give_back, at::TensorOptions(at::kFloat));
  }
  at::Tensor float_matrix(std::int64_t rows, std::int64_t cols) override {
    return matrix(rows, cols);
  }
  at::Tensor copy(const at::Tensor& x) override {
    at::Tensor y = matrix(x.size(0), x.size(1));
    const std::size_t bytes = static_cast<std::size_t>(x.size(1)) * sizeof(float);
    each_row(x,
             [&](std::int64_t row) { std::memcpy(view(y).row(row), reading(x).row(row), bytes); });
    return y;
  }

  at::Tensor embed(const Weight& table, std::span<const std::int32_t> ids) override {
    at::Tensor x = matrix(static_cast<std::int64_t>(ids.size()), table.cols);
    const kernels::WeightView weight = table.view();
    each_row(x, [&](std::int64_t row) {
      kernels::read_row(weight, ids[static_cast<std::size_t>(row)], view(x).row(row));
    });
    return x;
  }
  void embed_backward(std::span<const std::int32_t> ids, const at::Tensor& dx,
                      const at::Tensor& gradient) override;
  at::Tensor gather(const at::Tensor& x, std::span<const std::int64_t> index) override;
  at::Tensor scatter(const at::Tensor& x, std::span<const std::int64_t> index,
                     std::int64_t rows) override;

  Normed rms_norm(const Norm& norm, const at::Tensor& x) override {
    Normed normed{matrix(x.size(0), x.size(1)), vector(x.size(0))};
    kernels::rms_norm(*team_, rms(norm), reading(x), view(normed.y),
                      normed.rstd.mutable_data_ptr<float>());
    return normed;
  }
  void rms_norm_backward(const Norm& norm, const NormGradient& gradient) override {
    kernels::rms_norm_backward(*team_, rms(norm),
                               {.x = reading(gradient.x),
                                .rstd = floats(gradient.rstd),
                                .dy = reading(gradient.dy),
                                .dx = view(gradient.dx),
                                .dx_write = gradient.write,
                                .dweight = gradient_floats(norm.gradient)});
  }

  void linear_forward(const at::Tensor& x, std::span<const ForwardPart> parts) override;
  void linear_backward(std::span<const BackwardPart> parts, const at::Tensor& dx,
                       Write write) override;
  at::Tensor low_rank(const at::Tensor& x, const at::Tensor& a) override {
    at::Tensor low = matrix(x.size(0), a.size(0));
    kernels::multiply_nt(*team_, reading(x), reading(a), view(low), {});
    return low;
  }
  at::Tensor low_rank_backward(const at::Tensor& dy, const at::Tensor& b) override {
    at::Tensor low = matrix(dy.size(0), b.size(1));
    kernels::multiply_nn(*team_, reading(dy), reading(b), view(low), {});
    return low;
  }
  void add_weight_gradient(const at::Tensor& dy, const at::Tensor& x, float scale,
                           const at::Tensor& gradient) override {
    kernels::multiply_tn(*team_, reading(dy), reading(x), view(gradient),
                         {.scale = scale, .write = Write::add});
  }
  void add_bias(const at::Tensor& y, const at::Tensor& bias) override;
  void add_bias_gradient(const at::Tensor& dy, const at::Tensor& gradient) override;

  at::Tensor dropped(const at::Tensor& x, const DropoutMask& mask) override;
  void add_dropped(const BackwardPart& part, const DropoutMask& mask,
                   const at::Tensor& dx) override;

  at::Tensor short_conv(const ConvWeights& conv, const Sequence& sequence,
                        const at::Tensor& bcx) override {
    at::Tensor y = matrix(bcx.size(0), bcx.size(1) / 3);
    kernels::short_conv(*team_, short_conv_of(conv), sequence.borders, reading(bcx), view(y));
    return y;
  }
  at::Tensor short_conv_backward(const ConvWeights& conv, const Sequence& sequence,
                                 const ConvGradient& gradient) override {
    at::Tensor dbcx = matrix(gradient.bcx.size(0), gradient.bcx.size(1));
    kernels::short_conv_backward(*team_, short_conv_of(conv), sequence.borders,
                                 {.bcx = reading(gradient.bcx),
                                  .dy = reading(gradient.dy),
                                  .dbcx = view(dbcx),
                                  .dkernel = gradient_floats(conv.kernel_gradient),
                                  .dbias = gradient_floats(conv.bias_gradient)});
    return dbcx;
  }
  at::Tensor short_conv_step(const ConvWeights& conv, const at::Tensor& bcx,
                             const at::Tensor& state) override {
    at::Tensor y = matrix(bcx.size(0), bcx.size(1) / 3);
    kernels::short_conv_step(short_conv_of(conv), reading(bcx), state.mutable_data_ptr<float>(),
                             view(y));
    return y;
  }

  Rotated head_rope(const HeadNorm& norm, const at::Tensor& x) override {
    Rotated rotated{matrix(x.size(0), x.size(1)),
                    matrix(x.size(0), x.size(1) / shape_.attention.head_dim)};
    kernels::head_rope(
        *team_, rope_of(norm), norm.sequence->borders,
        {.x = reading(x), .y = view(rotated.y), .rstd = rotated.rstd.mutable_data_ptr<float>()});
    return rotated;
  }
  void head_rope_backward(const HeadNorm& norm, const RotationGradient& gradient) override {
    kernels::head_rope_backward(*team_, rope_of(norm), norm.sequence->borders,
                                {.x = reading(gradient.x),
                                 .rstd = floats(gradient.rstd),
                                 .dy = reading(gradient.dy),
                                 .dx = view(gradient.dy),
                                 .dweight = gradient_floats(norm.norm->gradient)});
  }

  Attended attention(const Sequence& sequence, const QueryKeyValue& inputs) override {
    const std::int64_t length = inputs.q.size(0);
    Attended result{matrix(length, inputs.q.size(1)), matrix(shape_.attention.query_heads, length)};
    kernels::attention(*team_, shape_.attention, sequence.borders,
                       {.inputs = attention_inputs(inputs),
                        .out = view(result.out),
                        .lse = result.lse.mutable_data_ptr<float>()});
    return result;
  }
  QueryKeyValue attention_backward(const Sequence& sequence,
                                   const AttentionGradient& gradient) override {
    const QueryKeyValue& in = gradient.inputs;
    QueryKeyValue result{matrix(in.q.size(0), in.q.size(1)), matrix(in.k.size(0), in.k.size(1)),
                         matrix(in.v.size(0), in.v.size(1))};
    kernels::attention_backward(*team_, shape_.attention, sequence.borders,
                                {.inputs = attention_inputs(in),
                                 .out = reading(gradient.forward.out),
                                 .lse = floats(gradient.forward.lse),
                                 .dout = reading(gradient.dout),
                                 .dq = view(result.q),
                                 .dk = view(result.k),
                                 .dv = view(result.v)});
    return result;
  }
  at::Tensor attention_cached(const QueryKeyValue& inputs) override {
    at::Tensor out = matrix(inputs.q.size(0), inputs.q.size(1));
    kernels::attention_cached(*team_, shape_.attention, attention_inputs(inputs), view(out));
    return out;
  }

  at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) override {
    at::Tensor y = matrix(gate.size(0), gate.size(1));
    kernels::swiglu(*team_, reading(gate), reading(up), view(y));
    return y;
  }
  void swiglu_backward(const at::Tensor& gate, const at::Tensor& up,
                       const at::Tensor& dy) override {
    kernels::swiglu_backward(*team_, {.gate = reading(gate),
                                      .up = reading(up),
                                      .dy = reading(dy),
                                      .dgate = view(gate),
                                      .dup = view(up)});
  }

  TokenLoss cross_entropy(const at::Tensor& logits, std::span<const std::int64_t> labels,
                          Gradient gradient, float scale) override {
    const kernels::LossSum sum =
        gradient == Gradient::none
            ? kernels::cross_entropy(*team_, reading(logits), labels)
            : kernels::cross_entropy_gradient(*team_, view(logits), labels, scale);
    return {sum.loss, sum.count};
  }

 private:
  at::Tensor vector(std::int64_t size) { return matrix(1, size).view({size}); }

  template <typename Work>
  void each_row(const at::Tensor& x, const Work& work) {
    team_->run_rows(x.size(0), kRowGrain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) work(row);
    });
  }

  kernels::RmsNorm rms(const Norm& norm) const {
    return {.weight = floats(norm.weight), .eps = static_cast<float>(shape_.norm_eps)};
  }
  static kernels::ShortConv short_conv_of(const ConvWeights& conv) {
    return {.kernel = floats(conv.kernel), .bias = floats(conv.bias), .taps = conv.kernel.size(1)};
  }
  static kernels::AttentionInputs attention_inputs(const QueryKeyValue& inputs) {
    return {.q = reading(inputs.q), .k = reading(inputs.k), .v = reading(inputs.v)};
  }
  kernels::HeadRope rope_of(const HeadNorm& norm) {
    const Sequence& sequence = *norm.sequence;
    const std::int64_t reach = sequence.first_position + sequence.longest();
    if (!table_ || table_->positions() < reach) {
      // Doubling: generation reaches one position further with each token.
      const std::int64_t known = table_ ? table_->positions() : 0;
      table_.emplace(shape_.rope_theta, shape_.attention.head_dim, std::max(reach, 2 * known));
    }
    return {.table = &*table_,
            .weight = floats(norm.norm->weight),
            .eps = static_cast<float>(shape_.norm_eps),
            .first_position = sequence.first_position};
  }

  OpsShape shape_;
  std::optional<kernels::Team> own_team_;
  kernels::Team* team_;
  std::shared_ptr<Arena> arena_ = Arena::create();
  std::optional<kernels::RopeTable> table_;
};

void CpuOps::embed_backward(std::span<const std::int32_t> ids, const at::Tensor& dx,
                            const at::Tensor& gradient) {
  const kernels::ConstMatrix from = reading(dx);
  const kernels::Matrix to = view(gradient);
  // Cut by columns: a token may occur twice.
  constexpr std::int64_t kColumns = 256;
  team_->run_rows(from.cols, kColumns, [&](std::int64_t begin, std::int64_t end) {
    for (std::size_t t = 0; t < ids.size(); ++t) {
      const float* source = from.row(static_cast<std::int64_t>(t));
      float* target = to.row(ids[t]);
      for (std::int64_t c = begin; c < end; ++c) target[c] += source[c];
    }
  });
}

at::Tensor CpuOps::gather(const at::Tensor& x, std::span<const std::int64_t> index) {
  at::Tensor y = matrix(static_cast<std::int64_t>(index.size()), x.size(1));
  const std::size_t bytes = static_cast<std::size_t>(x.size(1)) * sizeof(float);
  for (std::size_t i = 0; i < index.size(); ++i) {
    std::memcpy(view(y).row(static_cast<std::int64_t>(i)), reading(x).row(index[i]), bytes);
  }
  return y;
}

at::Tensor CpuOps::scatter(const at::Tensor& x, std::span<const std::int64_t> index,
                           std::int64_t rows) {
  at::Tensor y = matrix(rows, x.size(1));
  y.zero_();
  const std::size_t bytes = static_cast<std::size_t>(x.size(1)) * sizeof(float);
  for (std::size_t i = 0; i < index.size(); ++i) {
    std::memcpy(view(y).row(index[i]), reading(x).row(static_cast<std::int64_t>(i)), bytes);
  }
  return y;
}

void CpuOps::linear_forward(const at::Tensor& x, std::span<const ForwardPart> parts) {
  std::vector<kernels::ForwardPart> products;
  for (const ForwardPart& part : parts) {
    kernels::ForwardPart product{.weight = part.weight->view(), .y = view(part.y)};
    product.write = part.write;
    if (part.low.defined()) {
      product.adapter = {reading(part.low), reading(part.adapter->b), part.adapter->scale};
    }
    products.push_back(product);
  }
  kernels::linear_forward(*team_, reading(x), products);
}

void CpuOps::linear_backward(std::span<const BackwardPart> parts, const at::Tensor& dx,
                             Write write) {
  std::vector<kernels::BackwardPart> products;
  for (const BackwardPart& part : parts) {
    kernels::BackwardPart product{.dy = reading(part.dy), .weight = part.weight->view()};
    if (part.low.defined()) {
      product.adapter = {reading(part.low), reading(part.adapter->a), part.adapter->scale};
    }
    products.push_back(product);
  }
  kernels::linear_backward(*team_, products, view(dx), write);
}

void CpuOps::add_bias(const at::Tensor& y, const at::Tensor& bias) {
  const float* values = floats(bias);
  const kernels::Matrix to = view(y);
  each_row(y, [&](std::int64_t row) {
    for (std::int64_t c = 0; c < to.cols; ++c) to.row(row)[c] += values[c];
  });
}

void CpuOps::add_bias_gradient(const at::Tensor& dy, const at::Tensor& gradient) {
  const kernels::ConstMatrix from = reading(dy);
  float* sums = gradient.mutable_data_ptr<float>();
  constexpr std::int64_t kColumns = 256;
  team_->run_rows(from.cols, kColumns, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = 0; row < from.rows; ++row) {
      for (std::int64_t c = begin; c < end; ++c) sums[c] += from.row(row)[c];
    }
  });
}

at::Tensor CpuOps::dropped(const at::Tensor& x, const DropoutMask& mask) {
  at::Tensor y = matrix(x.size(0), x.size(1));
  const kernels::ConstMatrix from = reading(x);
  const kernels::Matrix to = view(y);
  each_row(x, [&](std::int64_t row) {
    apply_dropout(mask, row * from.cols, {from.row(row), static_cast<std::size_t>(from.cols)},
                  to.row(row));
  });
  return y;
}

void CpuOps::add_dropped(const BackwardPart& part, const DropoutMask& mask, const at::Tensor& dx) {
  at::Tensor low = matrix(dx.size(0), dx.size(1));
  kernels::multiply_nn(*team_, reading(part.low), reading(part.adapter->a), view(low),
                       {.scale = part.adapter->scale});
  const kernels::ConstMatrix from = reading(low);
  const kernels::Matrix to = view(dx);
  each_row(dx, [&](std::int64_t row) {
    add_dropout(mask, row * from.cols, {from.row(row), static_cast<std::size_t>(from.cols)},
                to.row(row));
  });
}

}  // namespace

std::unique_ptr<Ops> make_cpu_ops(const OpsShape& shape, kernels::Team* team) {
  return std::make_unique<CpuOps>(shape, team);
}

}  // namespace liquid::lfm2
