#include "lfm2/model/decode.h"

#include <algorithm>
#include <utility>

namespace liquid::lfm2 {
namespace {

using kernels::Write;

// A long prompt is fed in pieces: the memory of its activations is that of one piece.
constexpr std::size_t kPromptPiece = 512;
constexpr std::int64_t kFirstCapacity = 256;

// Makes room for rows [0, rows), keeping those in use.
void reserve_rows(Ops& ops, at::Tensor& cache, std::int64_t used, std::int64_t rows,
                  std::int64_t cols) {
  const std::int64_t capacity = cache.defined() ? cache.size(0) : 0;
  if (rows <= capacity) return;
  at::Tensor larger = ops.matrix(std::max({rows, 2 * capacity, kFirstCapacity}), cols);
  if (used > 0) larger.narrow(0, 0, used).copy_(cache.narrow(0, 0, used));
  cache = std::move(larger);
}

void attention_step(const Pass& pass, const AttentionBlock& block, const at::Tensor& normed,
                    const at::Tensor& out, LayerMemory& memory) {
  Ops& ops = *pass.ops;
  const std::int64_t count = normed.size(0);
  const std::int64_t seen = pass.sequence.first_position;
  const std::int64_t width = block.k_proj.weight.rows;
  reserve_rows(ops, memory.keys, seen, seen + count, width);
  reserve_rows(ops, memory.values, seen, seen + count, width);
  const at::Tensor q = ops.matrix(count, block.q_proj.weight.rows);
  const at::Tensor k = ops.matrix(count, width);
  forward(pass, {&block.q_proj, &block.k_proj, &block.v_proj}, normed,
          {q, k, memory.values.narrow(0, seen, count)});
  memory.keys.narrow(0, seen, count).copy_(ops.head_rope({&block.k_norm, &pass.sequence}, k).y);
  const at::Tensor rotated = ops.head_rope({&block.q_norm, &pass.sequence}, q).y;
  const at::Tensor attended = ops.attention_cached(
      {rotated, memory.keys.narrow(0, 0, seen + count), memory.values.narrow(0, 0, seen + count)});
  forward(pass, {&block.out_proj}, attended, {out}, Write::add);
}

void conv_step(const Pass& pass, const ConvBlock& block, const at::Tensor& normed,
               const at::Tensor& out, LayerMemory& memory) {
  Ops& ops = *pass.ops;
  const at::Tensor bcx = ops.matrix(normed.size(0), block.in_proj.weight.rows);
  forward(pass, {&block.in_proj}, normed, {bcx});
  const at::Tensor gated = ops.short_conv_step(block.conv, bcx, memory.inputs);
  forward(pass, {&block.out_proj}, gated, {out}, Write::add);
}

// x becomes the layer's output.
void layer_step(const Pass& pass, const Layer& layer, const at::Tensor& x, LayerMemory& memory) {
  Ops& ops = *pass.ops;
  const at::Tensor normed = ops.rms_norm(layer.operator_norm, x).y;
  switch (layer.kind) {
    case LayerKind::conv: conv_step(pass, layer.conv, normed, x, memory); break;
    case LayerKind::attention: attention_step(pass, layer.attention, normed, x, memory); break;
  }
  const FeedForward& block = layer.feed_forward;
  const at::Tensor again = ops.rms_norm(layer.ffn_norm, x).y;
  const at::Tensor gate = ops.matrix(x.size(0), block.w1.weight.rows);
  const at::Tensor up = ops.matrix(x.size(0), block.w1.weight.rows);
  forward(pass, {&block.w1, &block.w3}, again, {gate, up});
  forward(pass, {&block.w2}, ops.swiglu(gate, up), {x}, Write::add);
}

}  // namespace

Memory new_memory(Ops& ops, const Network& network) {
  Memory memory;
  for (const Layer& layer : network.layers) {
    LayerMemory& fresh = memory.layers.emplace_back();
    if (layer.kind != LayerKind::conv) continue;
    const at::Tensor& kernel = layer.conv.conv.kernel;
    fresh.inputs = ops.float_matrix(kernel.size(1) - 1, kernel.size(0)).zero_();
  }
  return memory;
}

at::Tensor decode_pass(Ops& ops, const Network& network, std::span<const std::int32_t> tokens,
                       Memory& memory) {
  at::Tensor x;
  for (std::size_t at = 0; at < tokens.size(); at += kPromptPiece) {
    const auto piece = tokens.subspan(at, std::min(kPromptPiece, tokens.size() - at));
    const auto count = static_cast<std::int64_t>(piece.size());
    const Pass pass{.ops = &ops,
                    .sequence = {.borders = {0, count}, .first_position = memory.length}};
    x = ops.embed(network.embedding, piece);
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      layer_step(pass, network.layers[i], x, memory.layers[i]);
    }
    memory.length += count;
  }
  const at::Tensor normed = ops.rms_norm(network.final_norm, x.narrow(0, x.size(0) - 1, 1)).y;
  at::Tensor logits = ops.matrix(1, network.head().rows);
  const ForwardPart product{.weight = &network.head(), .y = logits};
  ops.linear_forward(normed, {&product, 1});
  return logits;
}

}  // namespace liquid::lfm2
