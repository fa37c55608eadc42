#include <algorithm>

#include "kernels/attention_block.h"

namespace liquid::kernels {
namespace {

/// One document's share of one key/value head; dk and dv of it are summed by one worker.
struct Task {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t kv_head = 0;
};

// scores → p and dscores → ds, where the row sees the keys; 0 elsewhere. `total` holds
// delta = Σ dout ⊙ out of the row.
void differentiate(const AttentionBlock& block, const KeyBlock& keys,
                   const AttentionGradient& gradient) {
  for (std::int64_t r = 0; r < block.rows(); ++r) {
    const std::int64_t seen = block.seen(r, keys);
    float* scores = block.scores.row(r);
    float* dscores = block.dscores.row(r);
    block.kernels().score_gradient(
        {.scores = scores,
         .dscores = dscores,
         .count = seen,
         .scale = block.scale(),
         .lse = gradient.lse[block.head(r) * gradient.out.rows + block.position(r)],
         .delta = block.total[r]});
    std::fill(scores + seen, scores + keys.count(), 0.0F);
    std::fill(dscores + seen, dscores + keys.count(), 0.0F);
  }
}

void differentiate_keys(const AttentionBlock& block, const KeyBlock& keys,
                        const AttentionGradient& gradient) {
  const AttentionInputs& inputs = gradient.inputs;
  const Matrix scores = columns(block.scores, 0, keys.count());
  const Matrix dscores = columns(block.dscores, 0, keys.count());
  block.multiply({.a = block.query, .b = block.of(keys, inputs.k)}, {.c = scores});
  block.multiply({.a = block.dsum, .b = block.of(keys, inputs.v)}, {.c = dscores});
  differentiate(block, keys, gradient);
  block.multiply(
      {.a = scores, .a_order = Order::k_apart, .b = block.dsum, .b_order = Order::k_apart},
      {.c = block.of(keys, gradient.dv), .write = Write::add});
  block.multiply(
      {.a = dscores, .a_order = Order::k_apart, .b = block.query, .b_order = Order::k_apart},
      {.c = block.of(keys, gradient.dk), .write = Write::add});
  block.multiply({.a = dscores, .b = block.of(keys, inputs.k), .b_order = Order::k_apart},
                 {.c = block.sum, .write = Write::add});
}

void differentiate_block(const AttentionBlock& block, const AttentionGradient& gradient) {
  block.load(gradient.out, block.sum);
  block.load(gradient.dout, block.dsum);
  for (std::int64_t r = 0; r < block.rows(); ++r) {
    block.total[r] = block.kernels().dot(block.sum.row(r), block.dsum.row(r), block.dim());
  }
  block.load(gradient.inputs.q, block.query);
  std::fill(block.sum.data, block.sum.data + block.rows() * block.dim(), 0.0F);
  for (const KeyBlock& keys : block.key_blocks()) differentiate_keys(block, keys, gradient);
  block.save(block.sum, gradient.dq);
}

void fill_zero(Matrix m) {
  for (std::int64_t r = 0; r < m.rows; ++r) std::fill(m.row(r), m.row(r) + m.cols, 0.0F);
}

// Long documents first, so that the team ends together.
std::vector<Task> tasks(const AttentionShape& shape, Borders borders) {
  std::vector<Task> all;
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    for (std::int64_t head = 0; head < shape.kv_heads; ++head) {
      all.push_back({borders[i], borders[i + 1], head});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Task& a, const Task& b) { return a.end - a.begin > b.end - b.begin; });
  return all;
}

}  // namespace

void attention_backward(Team& team, const AttentionShape& shape, Borders borders,
                        const AttentionGradient& gradient) {
  const std::vector<Task> all = tasks(shape, borders);
  const std::int64_t step = AttentionBlock::most_queries(shape);
  team.reserve_per_worker(AttentionBlock::scratch_floats(shape));
  team.run(std::ssize(all), [&](std::int64_t part, int worker) {
    const Task& task = all[static_cast<std::size_t>(part)];
    const std::int64_t length = task.end - task.begin;
    const std::int64_t column = task.kv_head * shape.head_dim;
    for (const Matrix& kv : {gradient.dk, gradient.dv}) {
      fill_zero(columns(rows(kv, task.begin, length), column, shape.head_dim));
    }
    for (std::int64_t begin = task.begin; begin < task.end; begin += step) {
      const QueryRange range = {.begin = begin,
                                .end = std::min(task.end, begin + step),
                                .keys_begin = task.begin,
                                .kv_head = task.kv_head};
      differentiate_block(AttentionBlock(team.isa(), shape, range, team.worker_scratch(worker)),
                          gradient);
    }
  });
}

}  // namespace liquid::kernels
