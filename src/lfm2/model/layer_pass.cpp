#include "lfm2/model/layer_pass.h"

#include <utility>

namespace liquid::lfm2 {
namespace {

using kernels::Write;

// Each of these adds its block's output to `out`, which holds the residual stream already.

void conv_forward(const Pass& pass, const ConvBlock& block, const at::Tensor& normed,
                  const at::Tensor& out, LayerKept& kept) {
  Ops& ops = *pass.ops;
  kept.bcx = ops.matrix(normed.size(0), block.in_proj.weight.rows);
  kept.in_low = forward(pass, {&block.in_proj}, normed, {kept.bcx});
  const at::Tensor gated = ops.short_conv(block.conv, pass.sequence, kept.bcx);
  kept.out_low = forward(pass, {&block.out_proj}, gated, {out}, Write::add);
}

void attention_forward(const Pass& pass, const AttentionBlock& block, const at::Tensor& normed,
                       const at::Tensor& out, LayerKept& kept) {
  Ops& ops = *pass.ops;
  LayerKept::Attention& keep = kept.attention;
  const std::int64_t length = normed.size(0);
  keep.raw = {ops.matrix(length, block.q_proj.weight.rows),
              ops.matrix(length, block.k_proj.weight.rows),
              ops.matrix(length, block.v_proj.weight.rows)};
  kept.in_low = forward(pass, {&block.q_proj, &block.k_proj, &block.v_proj}, normed,
                        {keep.raw.q, keep.raw.k, keep.raw.v});
  const Rotated q = ops.head_rope({&block.q_norm, &pass.sequence}, keep.raw.q);
  const Rotated k = ops.head_rope({&block.k_norm, &pass.sequence}, keep.raw.k);
  keep.q_rstd = q.rstd;
  keep.k_rstd = k.rstd;
  keep.result = ops.attention(pass.sequence, {q.y, k.y, keep.raw.v});
  kept.out_low = forward(pass, {&block.out_proj}, keep.result.out, {out}, Write::add);
}

void feed_forward(const Pass& pass, const FeedForward& block, const at::Tensor& normed,
                  const at::Tensor& out, LayerKept& kept) {
  Ops& ops = *pass.ops;
  kept.gate = ops.matrix(normed.size(0), block.w1.weight.rows);
  kept.up = ops.matrix(normed.size(0), block.w3.weight.rows);
  kept.up_low = forward(pass, {&block.w1, &block.w3}, normed, {kept.gate, kept.up});
  const at::Tensor product = ops.swiglu(kept.gate, kept.up);
  kept.down_low = forward(pass, {&block.w2}, product, {out}, Write::add);
}

// What a block's backward pass has to deliver.
enum class Wanted { parameters_only, input_gradient_too };

// Each of these returns the gradient by the block's normed input, undefined when not wanted.

at::Tensor conv_backward(const Pass& pass, const Layer& layer, LayerKept& kept,
                         const at::Tensor& dx, Wanted wanted) {
  Ops& ops = *pass.ops;
  const ConvBlock& block = layer.conv;
  const LinearGroup out_group = {&block.out_proj};
  const OutputGradients out = output_gradients(pass, out_group, {dx});
  if (any_trained(out_group)) {
    const at::Tensor gated = ops.short_conv(block.conv, pass.sequence, kept.bcx);
    add_parameter_gradients(pass, out_group, out, {gated, &kept.out_low});
  }
  const LinearGroup in_group = {&block.in_proj};
  if (wanted == Wanted::parameters_only && !any_trained(in_group)) return {};

  at::Tensor dgated = ops.matrix(dx.size(0), block.out_proj.weight.cols);
  backward_to_input(pass, out_group, out, dgated);
  const at::Tensor dbcx = ops.short_conv_backward(block.conv, pass.sequence, {kept.bcx, dgated});
  kept.bcx.reset();
  dgated.reset();
  const OutputGradients in = output_gradients(pass, in_group, {dbcx});
  if (any_trained(in_group)) {
    const at::Tensor normed = ops.rms_norm(layer.operator_norm, kept.x).y;
    add_parameter_gradients(pass, in_group, in, {normed, &kept.in_low});
  }
  if (wanted == Wanted::parameters_only) return {};
  at::Tensor dnormed = ops.matrix(dx.size(0), block.in_proj.weight.cols);
  backward_to_input(pass, in_group, in, dnormed);
  return dnormed;
}

// Gradients by q, k, v as the projections left them.
QueryKeyValue attention_core_backward(const Pass& pass, const AttentionBlock& block,
                                      LayerKept::Attention kept, const at::Tensor& dout) {
  Ops& ops = *pass.ops;
  const HeadNorm q_norm{&block.q_norm, &pass.sequence};
  const HeadNorm k_norm{&block.k_norm, &pass.sequence};
  const at::Tensor q = ops.head_rope(q_norm, kept.raw.q).y;
  const at::Tensor k = ops.head_rope(k_norm, kept.raw.k).y;
  QueryKeyValue gradient =
      ops.attention_backward(pass.sequence, {{q, k, kept.raw.v}, kept.result, dout});
  ops.head_rope_backward(q_norm, {kept.raw.q, kept.q_rstd, gradient.q});
  ops.head_rope_backward(k_norm, {kept.raw.k, kept.k_rstd, gradient.k});
  return gradient;
}

at::Tensor attention_block_backward(const Pass& pass, const Layer& layer, LayerKept& kept,
                                    const at::Tensor& dx, Wanted wanted) {
  Ops& ops = *pass.ops;
  const AttentionBlock& block = layer.attention;
  const LinearGroup out_group = {&block.out_proj};
  const OutputGradients out = output_gradients(pass, out_group, {dx});
  if (any_trained(out_group)) {
    add_parameter_gradients(pass, out_group, out, {kept.attention.result.out, &kept.out_low});
  }
  const LinearGroup in_group = {&block.q_proj, &block.k_proj, &block.v_proj};
  if (wanted == Wanted::parameters_only && !any_trained(in_group)) return {};

  at::Tensor dout = ops.matrix(dx.size(0), block.out_proj.weight.cols);
  backward_to_input(pass, out_group, out, dout);
  const QueryKeyValue raw = attention_core_backward(pass, block, std::move(kept.attention), dout);
  dout.reset();
  const OutputGradients in = output_gradients(pass, in_group, {raw.q, raw.k, raw.v});
  if (any_trained(in_group)) {
    const at::Tensor normed = ops.rms_norm(layer.operator_norm, kept.x).y;
    add_parameter_gradients(pass, in_group, in, {normed, &kept.in_low});
  }
  if (wanted == Wanted::parameters_only) return {};
  at::Tensor dnormed = ops.matrix(dx.size(0), block.q_proj.weight.cols);
  backward_to_input(pass, in_group, in, dnormed);
  return dnormed;
}

at::Tensor feed_forward_backward(const Pass& pass, const Layer& layer, LayerKept& kept,
                                 const at::Tensor& dx, Wanted wanted) {
  Ops& ops = *pass.ops;
  const FeedForward& block = layer.feed_forward;
  const LinearGroup down_group = {&block.w2};
  const OutputGradients down = output_gradients(pass, down_group, {dx});
  if (any_trained(down_group)) {
    const at::Tensor product = ops.swiglu(kept.gate, kept.up);
    add_parameter_gradients(pass, down_group, down, {product, &kept.down_low});
  }
  const LinearGroup up_group = {&block.w1, &block.w3};
  if (wanted == Wanted::parameters_only && !any_trained(up_group)) return {};

  at::Tensor dproduct = ops.matrix(dx.size(0), block.w2.weight.cols);
  backward_to_input(pass, down_group, down, dproduct);
  ops.swiglu_backward(kept.gate, kept.up, dproduct);
  dproduct.reset();
  const OutputGradients up =
      output_gradients(pass, up_group, {std::move(kept.gate), std::move(kept.up)});
  if (any_trained(up_group)) {
    const at::Tensor normed = ops.rms_norm(layer.ffn_norm, kept.mid).y;
    add_parameter_gradients(pass, up_group, up, {normed, &kept.up_low});
  }
  if (wanted == Wanted::parameters_only) return {};
  at::Tensor dnormed = ops.matrix(dx.size(0), block.w1.weight.cols);
  backward_to_input(pass, up_group, up, dnormed);
  return dnormed;
}

}  // namespace

LayerResult layer_forward(const Pass& pass, const Layer& layer, at::Tensor x) {
  Ops& ops = *pass.ops;
  LayerResult result;
  LayerKept& kept = result.kept;
  kept.x = std::move(x);
  kept.mid = ops.copy(kept.x);
  {
    const Normed normed = ops.rms_norm(layer.operator_norm, kept.x);
    kept.rstd = normed.rstd;
    switch (layer.kind) {
      case LayerKind::conv: conv_forward(pass, layer.conv, normed.y, kept.mid, kept); break;
      case LayerKind::attention:
        attention_forward(pass, layer.attention, normed.y, kept.mid, kept);
        break;
    }
  }
  result.x = ops.copy(kept.mid);
  const Normed normed = ops.rms_norm(layer.ffn_norm, kept.mid);
  kept.mid_rstd = normed.rstd;
  feed_forward(pass, layer.feed_forward, normed.y, result.x, kept);
  return result;
}

at::Tensor layer_backward(const Pass& pass, const Layer& layer, LayerKept kept, at::Tensor dx,
                          Reach::Within within) {
  Ops& ops = *pass.ops;
  const bool only_feed_forward = within == Reach::Within::feed_forward;
  at::Tensor dnormed = feed_forward_backward(
      pass, layer, kept, dx,
      only_feed_forward ? Wanted::parameters_only : Wanted::input_gradient_too);
  if (only_feed_forward) return {};
  ops.rms_norm_backward(
      layer.ffn_norm,
      {.x = kept.mid, .rstd = kept.mid_rstd, .dy = dnormed, .dx = dx, .write = Write::add});
  kept.mid.reset();
  dnormed.reset();

  const Wanted wanted = within == Reach::Within::all_of_the_layer ? Wanted::parameters_only
                                                                  : Wanted::input_gradient_too;
  switch (layer.kind) {
    case LayerKind::conv: dnormed = conv_backward(pass, layer, kept, dx, wanted); break;
    case LayerKind::attention:
      dnormed = attention_block_backward(pass, layer, kept, dx, wanted);
      break;
  }
  if (wanted == Wanted::parameters_only) return {};
  ops.rms_norm_backward(
      layer.operator_norm,
      {.x = kept.x, .rstd = kept.rstd, .dy = dnormed, .dx = dx, .write = Write::add});
  return dx;
}

}  // namespace liquid::lfm2
