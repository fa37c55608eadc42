#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gemm_kernels.h"
#include "kernels/matrix.h"
#include "kernels/team.h"
#include "kernels/weight.h"

/// The one form that every product of gemm.h is brought into. Internal to this room.
namespace liquid::kernels {

/// How the elements that are summed over (index k) lie in memory.
enum class Order {
  k_adjacent,  ///< one after the other: element (i, k) is data[i * stride + k]
  k_apart,     ///< a stride apart: element (i, k) is data[k * stride + i]
};

/// A left factor [M, K].
struct Left {
  ConstMatrix matrix;
  Order order = Order::k_adjacent;
  std::int64_t depth() const { return order == Order::k_adjacent ? matrix.cols : matrix.rows; }
};

/// left[index] · right, one summand of a result; right is [K, N].
struct Term {
  std::size_t left = 0;
  WeightView right;
  Order order = Order::k_adjacent;
  float scale = 1;
};

enum class Store { straight, transposed };

/// c [M, N] (=|+=) Σ terms, or its transpose.
struct Result {
  Matrix c;
  Write write = Write::replace;
  Store store = Store::straight;
  std::int64_t cols = 0;  ///< N
  std::vector<Term> terms{};
};

struct Product {
  std::int64_t rows = 0;  ///< M
  std::vector<Left> lefts{};
  std::vector<Result> results{};
};

void execute(Team& team, const Product& product);

/// Whether execute_few_rows() can do it, and is faster.
bool has_few_rows(const Product& product);
void execute_few_rows(Team& team, const Product& product);

/// Part of a right factor: k in [k_first, k_first + k), n in [n_first, n_first + n).
struct RightTile {
  std::int64_t k_first = 0;
  std::int64_t k = 0;
  std::int64_t n_first = 0;
  std::int64_t n = 0;
};

/// Packs it into panels of most_vectors · width columns, the last padded with zeros to whole
/// vectors; panel j begins at `to` + j · k · most_vectors · width.
struct RightPacking {
  RightTile tile;
  float* to = nullptr;
  float* scratch = nullptr;  ///< right_scratch() floats
};
void pack_right(const GemmKernels& kernels, const Term& term, const RightPacking& packing);
std::int64_t right_scratch(const RightTile& largest);

/// Rows [row, row + rows) of a left factor, k in [k_first, k_first + k), as one panel of `rows`.
struct LeftPanel {
  std::int64_t row = 0;
  std::int64_t rows = 0;
  std::int64_t k_first = 0;
  std::int64_t k = 0;
};
void pack_left(const GemmKernels& kernels, const Left& left, const LeftPanel& panel, float* to);

/// One left panel times all panels of a packed right tile.
struct PanelProduct {
  const float* left = nullptr;  ///< packed [k, rows]
  std::int64_t rows = 0;        ///< ≤ most_rows
  std::int64_t k = 0;
  const float* right = nullptr;  ///< packed [k, cols]
  std::int64_t cols = 0;
  float* edge = nullptr;        ///< kMostEdge floats
  const float* next = nullptr;  ///< the left panel that follows, of the same size, or null
};
inline constexpr std::int64_t kMostEdge = 1024;  ///< rows · columns of any micro-tile

/// Where it goes: c [rows, cols], or [cols, rows] when stored transposed.
struct PanelResult {
  Matrix c;
  Write write = Write::replace;
  Store store = Store::straight;
};
void multiply_panels(const GemmKernels& kernels, const PanelProduct& product,
                     const PanelResult& result);

/// c (=|+=) a · b for small factors, by the calling thread alone. `scratch` has room for
/// block_scratch(largest) floats.
struct BlockProduct {
  ConstMatrix a;
  Order a_order = Order::k_adjacent;
  ConstMatrix b;
  Order b_order = Order::k_adjacent;
};
void multiply_block(const GemmKernels& kernels, const BlockProduct& product,
                    const PanelResult& result, float* scratch);
std::int64_t block_scratch(std::int64_t k, std::int64_t cols);

/// `count` elements of row `row` from column `first` on.
struct RowRun {
  std::int64_t row = 0;
  std::int64_t first = 0;
  std::int64_t count = 0;
};
void widen(const GemmKernels& kernels, const WeightView& weight, const RowRun& run, float* to);

}  // namespace liquid::kernels
