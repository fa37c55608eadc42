#include "kernels/attention_block.h"

#include <algorithm>
#include <cmath>

namespace liquid::kernels {
namespace {

std::int64_t group_of(const AttentionShape& shape) { return shape.query_heads / shape.kv_heads; }

}  // namespace

std::int64_t AttentionBlock::most_queries(const AttentionShape& shape) {
  return std::max<std::int64_t>(kBlockRows / group_of(shape), 16);
}

std::int64_t AttentionBlock::scratch_floats(const AttentionShape& shape) {
  const std::int64_t rows = most_queries(shape) * group_of(shape);
  const std::int64_t deepest = std::max({shape.head_dim, kBlockKeys, rows});
  return rows * (3 * shape.head_dim + 2 * kBlockKeys + 2) +
         block_scratch(deepest, std::max(shape.head_dim, kBlockKeys));
}

AttentionBlock::AttentionBlock(Isa isa, const AttentionShape& shape, const QueryRange& range,
                               float* scratch)
    : isa_(isa),
      dim_(shape.head_dim),
      group_(group_of(shape)),
      queries_(range.end - range.begin),
      scale_(static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape.head_dim)))),
      range_(range) {
  const auto take = [&scratch](std::int64_t floats) {
    float* taken = scratch;
    scratch += floats;
    return taken;
  };
  query = dense(take(rows() * dim_), rows(), dim_);
  sum = dense(take(rows() * dim_), rows(), dim_);
  dsum = dense(take(rows() * dim_), rows(), dim_);
  scores = dense(take(rows() * kBlockKeys), rows(), kBlockKeys);
  dscores = dense(take(rows() * kBlockKeys), rows(), kBlockKeys);
  best = take(rows());
  total = take(rows());
  products_ = scratch;
}

std::vector<KeyBlock> AttentionBlock::key_blocks() const {
  const std::int64_t end = range_.end + range_.shift;
  std::vector<KeyBlock> blocks;
  for (std::int64_t begin = range_.keys_begin; begin < end; begin += kBlockKeys) {
    blocks.push_back({begin, std::min(end, begin + kBlockKeys)});
  }
  return blocks;
}

std::int64_t AttentionBlock::seen(std::int64_t r, const KeyBlock& keys) const {
  return std::clamp<std::int64_t>(position(r) + range_.shift + 1 - keys.begin, 0, keys.count());
}

void AttentionBlock::load(ConstMatrix from, Matrix block) const {
  for (std::int64_t r = 0; r < rows(); ++r) {
    const float* row = from.row(position(r)) + head(r) * dim_;
    std::copy(row, row + dim_, block.row(r));
  }
}

void AttentionBlock::save(ConstMatrix block, Matrix to) const {
  for (std::int64_t r = 0; r < rows(); ++r) {
    std::copy(block.row(r), block.row(r) + dim_, to.row(position(r)) + head(r) * dim_);
  }
}

ConstMatrix AttentionBlock::of(const KeyBlock& keys, ConstMatrix kv) const {
  return columns(kernels::rows(kv, keys.begin, keys.count()), range_.kv_head * dim_, dim_);
}

Matrix AttentionBlock::of(const KeyBlock& keys, Matrix kv) const {
  return columns(kernels::rows(kv, keys.begin, keys.count()), range_.kv_head * dim_, dim_);
}

}  // namespace liquid::kernels
