#pragma once

#include <cstdint>
#include <vector>

#include "kernels/attention.h"
#include "kernels/gemm_product.h"
#include "kernels/row_kernels.h"

/// What attention's forward and backward pass share: a block of queries against blocks of keys.
/// Internal to this room.
namespace liquid::kernels {

inline constexpr std::int64_t kBlockRows = 128;  ///< query rows of a block, at most
inline constexpr std::int64_t kBlockKeys = 128;

struct KeyBlock {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t count() const { return end - begin; }
};

/// Queries [begin, end) and the key/value head they read. Query t sees the keys from keys_begin to
/// t + shift.
struct QueryRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t keys_begin = 0;
  std::int64_t shift = 0;
  std::int64_t kv_head = 0;
};

/// The queries of all heads that share a key/value head, stacked: row r is head r / n at position
/// begin + r % n, n = end − begin. So keys and values are packed once for all of them.
class AttentionBlock {
 public:
  AttentionBlock(Isa isa, const AttentionShape& shape, const QueryRange& range, float* scratch);

  /// Queries of a block; floats of scratch a worker needs.
  static std::int64_t most_queries(const AttentionShape& shape);
  static std::int64_t scratch_floats(const AttentionShape& shape);

  std::int64_t rows() const { return group_ * queries_; }
  std::int64_t head(std::int64_t r) const { return range_.kv_head * group_ + r / queries_; }
  std::int64_t position(std::int64_t r) const { return range_.begin + r % queries_; }

  /// The blocks of keys that some query sees, ascending.
  std::vector<KeyBlock> key_blocks() const;
  /// How many keys of the block row r sees.
  std::int64_t seen(std::int64_t r, const KeyBlock& keys) const;

  /// The rows of this block, out of [T, heads · dim] and back.
  void load(ConstMatrix from, Matrix block) const;
  void save(ConstMatrix block, Matrix to) const;

  /// Rows of k or v that belong to a key block, this head's columns.
  ConstMatrix of(const KeyBlock& keys, ConstMatrix kv) const;
  Matrix of(const KeyBlock& keys, Matrix kv) const;

  void multiply(const BlockProduct& product, const PanelResult& result) const {
    multiply_block(gemm_kernels(isa_), product, result, products_);
  }

  const RowKernels& kernels() const { return row_kernels(isa_); }
  std::int64_t dim() const { return dim_; }
  float scale() const { return scale_; }

  // Working matrices: [rows, dim] and [rows, kBlockKeys]; two numbers for each row.
  Matrix query;
  Matrix sum;
  Matrix dsum;
  Matrix scores;
  Matrix dscores;
  float* best = nullptr;
  float* total = nullptr;

 private:
  Isa isa_;
  std::int64_t dim_;
  std::int64_t group_;
  std::int64_t queries_;
  float scale_;
  QueryRange range_;
  float* products_ = nullptr;
};

}  // namespace liquid::kernels
