#include "lfm2/model/pass.h"

#include <algorithm>
#include <utility>

namespace liquid::lfm2 {
namespace {

// Logits live for one chunk of rows. More rows make the product's second operand (the vocabulary)
// cheaper to read, fewer keep the chunk small: about 512 rows, and not more than 64 MiB.
std::int64_t chunk_rows(std::int64_t vocabulary) {
  constexpr std::int64_t kMaxRows = 512;
  constexpr std::int64_t kMinRows = 64;
  constexpr std::int64_t kMaxFloats = std::int64_t{16} << 20;
  return std::clamp(kMaxFloats / vocabulary, kMinRows, kMaxRows);
}

struct HeadResult {
  TokenLoss loss;
  at::Tensor dnormed;  // (rows, H)
};

HeadResult head_pass(const Pass& pass, const Network& network, const at::Tensor& normed,
                     const HeadRows& rows, Gradient gradient, float scale) {
  Ops& ops = *pass.ops;
  const Weight& head = network.head();
  const std::int64_t count = normed.size(0);
  const std::int64_t step = std::min(chunk_rows(head.rows), count);
  HeadResult result;
  if (gradient == Gradient::wanted) result.dnormed = ops.matrix(count, head.cols);
  const at::Tensor chunk = ops.matrix(step, head.rows);
  for (std::int64_t at = 0; at < count; at += step) {
    const std::int64_t size = std::min(step, count - at);
    const at::Tensor logits = chunk.narrow(0, 0, size);
    const at::Tensor y = normed.narrow(0, at, size);
    const ForwardPart product{.weight = &head, .y = logits};
    ops.linear_forward(y, {&product, 1});
    const std::span labels(rows.labels.data() + at, static_cast<std::size_t>(size));
    const TokenLoss loss = ops.cross_entropy(logits, labels, gradient, scale);
    result.loss.sum += loss.sum;
    result.loss.count += loss.count;
    if (gradient == Gradient::none) continue;
    const BackwardPart back{.dy = logits, .weight = &head};
    ops.linear_backward({&back, 1}, result.dnormed.narrow(0, at, size), kernels::Write::replace);
    if (head.gradient.defined()) ops.add_weight_gradient(logits, y, 1, head.gradient);
  }
  return result;
}

struct LossPass {
  TokenLoss loss;
  at::Tensor dx;  // (T, H) gradient by the final residual stream
};

LossPass loss_of(const Pass& pass, const Network& network, const at::Tensor& x,
                 const HeadRows& rows, Gradient gradient, float scale) {
  Ops& ops = *pass.ops;
  const at::Tensor scored = ops.gather(x, rows.positions);
  const Normed normed = ops.rms_norm(network.final_norm, scored);
  HeadResult head = head_pass(pass, network, normed.y, rows, gradient, scale);
  if (gradient == Gradient::none) return {head.loss, {}};
  ops.rms_norm_backward(network.final_norm,
                        {.x = scored, .rstd = normed.rstd, .dy = head.dnormed, .dx = head.dnormed});
  return {head.loss, ops.scatter(head.dnormed, rows.positions, x.size(0))};
}

}  // namespace

HeadRows head_rows(const Batch& batch) {
  HeadRows rows;
  std::size_t begin = 0;
  for (const std::int32_t length : batch.seq_lens) {
    const std::size_t end = begin + static_cast<std::size_t>(length);
    for (std::size_t t = begin + 1; t < end; ++t) {
      if (batch.labels[t] == kIgnoredLabel) continue;
      rows.positions.push_back(static_cast<std::int64_t>(t) - 1);
      rows.labels.push_back(batch.labels[t]);
    }
    begin = end;
  }
  return rows;
}

Sequence sequence_of(const Batch& batch) {
  Sequence sequence;
  for (const std::int32_t length : batch.seq_lens) {
    sequence.borders.push_back(sequence.borders.back() + length);
  }
  return sequence;
}

TokenLoss train_pass(const Pass& pass, const Network& network, const TrainingPass& training) {
  const HeadRows rows = head_rows(*training.batch);
  if (rows.positions.empty()) return {};
  const auto first = static_cast<std::size_t>(training.reach.layer);
  std::vector<LayerKept> kept(network.layers.size());
  at::Tensor x = pass.ops->embed(network.embedding, training.batch->input_ids);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    LayerResult layer = layer_forward(pass, network.layers[i], x);
    x = std::move(layer.x);
    if (i < first) continue;
    if (training.keep == TrainingPass::Keep::activations) {
      kept[i] = std::move(layer.kept);
    } else {
      kept[i].x = layer.kept.x;
    }
  }
  LossPass loss = loss_of(pass, network, x, rows, Gradient::wanted, training.scale);
  x.reset();
  for (std::size_t i = network.layers.size(); i-- > first;) {
    const Layer& layer = network.layers[i];
    if (training.keep == TrainingPass::Keep::layer_inputs) {
      kept[i] = layer_forward(pass, layer, std::move(kept[i].x)).kept;
    }
    const auto within = i == first ? training.reach.within : Reach::Within::below_the_layer;
    loss.dx = layer_backward(pass, layer, std::move(kept[i]), std::move(loss.dx), within);
  }
  if (network.embedding.gradient.defined()) {
    pass.ops->embed_backward(training.batch->input_ids, loss.dx, network.embedding.gradient);
  }
  return loss.loss;
}

TokenLoss loss_pass(const Pass& pass, const Network& network, const Batch& batch) {
  const HeadRows rows = head_rows(batch);
  if (rows.positions.empty()) return {};
  at::Tensor x = pass.ops->embed(network.embedding, batch.input_ids);
  for (const Layer& layer : network.layers) x = layer_forward(pass, layer, std::move(x)).x;
  return loss_of(pass, network, x, rows, Gradient::none, 1).loss;
}

PassOutputs output_pass(const Pass& pass, const Network& network, const Batch& batch) {
  Ops& ops = *pass.ops;
  PassOutputs outputs;
  at::Tensor x = ops.embed(network.embedding, batch.input_ids);
  for (const Layer& layer : network.layers) {
    outputs.hidden.push_back(x);
    x = layer_forward(pass, layer, std::move(x)).x;
  }
  const at::Tensor normed = ops.rms_norm(network.final_norm, x).y;
  outputs.hidden.push_back(normed);
  outputs.logits = ops.matrix(normed.size(0), network.head().rows);
  const ForwardPart product{.weight = &network.head(), .y = outputs.logits};
  ops.linear_forward(normed, {&product, 1});
  return outputs;
}

}  // namespace liquid::lfm2
