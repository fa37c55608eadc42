#include "kernels/attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "kernels/attention_block.h"

namespace liquid::kernels {
namespace {

// Turns the scores of one key block into weights e^(score − best), where `best` is the greatest
// score of the row so far, and scales what was summed under an older best.
void soften(const AttentionBlock& block, const KeyBlock& keys) {
  for (std::int64_t r = 0; r < block.rows(); ++r) {
    float* scores = block.scores.row(r);
    const std::int64_t seen = block.seen(r, keys);
    if (seen > 0) {
      const ScoreRow row = {.scores = scores, .count = seen, .scale = block.scale()};
      const float best = block.kernels().greatest(row, block.best[r]);
      const float shrink = std::exp(block.best[r] - best);
      if (best != block.best[r]) block.kernels().scale(block.sum.row(r), block.dim(), shrink);
      block.total[r] = block.total[r] * shrink + block.kernels().probabilities(row, best);
      block.best[r] = best;
    }
    std::fill(scores + seen, scores + keys.count(), 0.0F);
  }
}

void attend(const AttentionBlock& block, const AttentionForward& forward) {
  std::fill(block.best, block.best + block.rows(), -std::numeric_limits<float>::infinity());
  std::fill(block.total, block.total + block.rows(), 0.0F);
  std::fill(block.sum.data, block.sum.data + block.rows() * block.dim(), 0.0F);
  block.load(forward.inputs.q, block.query);
  for (const KeyBlock& keys : block.key_blocks()) {
    const Matrix scores = columns(block.scores, 0, keys.count());
    block.multiply({.a = block.query, .b = block.of(keys, forward.inputs.k)}, {.c = scores});
    soften(block, keys);
    block.multiply({.a = scores, .b = block.of(keys, forward.inputs.v), .b_order = Order::k_apart},
                   {.c = block.sum, .write = Write::add});
  }
  for (std::int64_t r = 0; r < block.rows(); ++r) {
    block.kernels().scale(block.sum.row(r), block.dim(), 1.0F / block.total[r]);
    if (forward.lse != nullptr) {
      forward.lse[block.head(r) * forward.out.rows + block.position(r)] =
          block.best[r] + std::log(block.total[r]);
    }
  }
  block.save(block.sum, forward.out);
}

void attend_all(Team& team, const AttentionShape& shape, std::span<const QueryRange> ranges,
                const AttentionForward& forward) {
  assert(shape.query_heads % shape.kv_heads == 0);
  team.reserve_per_worker(AttentionBlock::scratch_floats(shape));
  team.run(std::ssize(ranges), [&](std::int64_t part, int worker) {
    attend(AttentionBlock(team.isa(), shape, ranges[static_cast<std::size_t>(part)],
                          team.worker_scratch(worker)),
           forward);
  });
}

void cut_queries(std::vector<QueryRange>& ranges, const AttentionShape& shape,
                 QueryRange document) {
  const std::int64_t step = AttentionBlock::most_queries(shape);
  for (std::int64_t head = 0; head < shape.kv_heads; ++head) {
    // The last queries see the most keys: they go first, so that the team ends together.
    for (std::int64_t end = document.end; end > document.begin; end -= step) {
      ranges.push_back({.begin = std::max(document.begin, end - step),
                        .end = end,
                        .keys_begin = document.keys_begin,
                        .shift = document.shift,
                        .kv_head = head});
    }
  }
}

}  // namespace

void attention(Team& team, const AttentionShape& shape, Borders borders,
               const AttentionForward& forward) {
  std::vector<QueryRange> ranges;
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    cut_queries(ranges, shape,
                {.begin = borders[i], .end = borders[i + 1], .keys_begin = borders[i]});
  }
  attend_all(team, shape, ranges, forward);
}

void attention_cached(Team& team, const AttentionShape& shape, const AttentionInputs& inputs,
                      Matrix out) {
  std::vector<QueryRange> ranges;
  cut_queries(ranges, shape, {.end = inputs.q.rows, .shift = inputs.k.rows - inputs.q.rows});
  attend_all(team, shape, ranges, {.inputs = inputs, .out = out});
}

}  // namespace liquid::kernels
