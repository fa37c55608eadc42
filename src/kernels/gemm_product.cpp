#include "kernels/gemm_product.h"

#include <algorithm>
#include <array>

// How a product runs. The left factor is packed once, by all workers, into panels of a few rows;
// the right factor is packed by whoever needs it, a tile at a time, into a buffer that stays in the
// second-level cache. A micro-kernel multiplies one panel (first-level cache) with one panel of the
// tile. Tiles are independent and each element of the result is summed by one worker in the order
// of the slices of k: so tiles can be handed out as workers come free, and the bits stay the same.
//
//   for rows that fit the packed buffer                  (usually all)
//     for slices of k that fit it                        (usually all)
//       pack left                                        team
//       for tiles of columns (and of rows, if too few)   team
//         for slices: pack right; for left panels: for right panels: micro-kernel
//
// Results with few columns read the left factor only once anyway: there each worker packs the panel
// it is about to use, and nothing is written to memory.
namespace liquid::kernels {
namespace {

constexpr std::int64_t kSliceDepth = 512;  // a panel of 14 rows: 28 KiB of 32 to 48 KiB L1
constexpr std::int64_t kTileCols = 256;    // a tile: 512 KiB of (mostly) 1 MiB L2
constexpr std::int64_t kLeastTileCols = 128;
constexpr std::int64_t kNarrowCols = 64;
constexpr std::int64_t kPackedFloats = std::int64_t{8} << 20;  // 32 MiB for the packed left factor
constexpr std::int64_t kLeastBlockRows = 512;
constexpr std::int64_t kPackGroup = 4;       // panels a worker packs at a time
constexpr std::int64_t kTilesPerWorker = 4;  // enough that the last one is a small share
constexpr std::int64_t kLeastSplitPanels = 8;

std::int64_t quotient_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// k in [first, first + depth) of one left factor; `offset` is where its panels begin when packed.
struct Slice {
  std::size_t left = 0;
  std::int64_t first = 0;
  std::int64_t depth = 0;
  std::int64_t offset = 0;
};

/// Panels [panel_first, panel_end) times columns [n_first, n_first + n) of one result.
struct Tile {
  std::size_t result = 0;
  std::int64_t panel_first = 0;
  std::int64_t panel_end = 0;
  std::int64_t n_first = 0;
  std::int64_t n = 0;
};

/// The rows that are packed together, cut into panels of equal height but the last.
struct RowBlock {
  std::int64_t first = 0;
  std::int64_t rows = 0;
  std::int64_t height = 0;

  std::int64_t panels() const { return quotient_up(rows, height); }
  std::int64_t panel_rows(std::int64_t panel) const {
    return std::min(height, rows - panel * height);
  }
};

std::vector<Slice> slices_of(const Product& product) {
  std::vector<Slice> slices;
  for (std::size_t left = 0; left < product.lefts.size(); ++left) {
    const std::int64_t depth = product.lefts[left].depth();
    if (depth == 0) continue;
    const std::int64_t share = quotient_up(depth, quotient_up(depth, kSliceDepth));
    const std::int64_t step = quotient_up(share, 8) * 8;
    for (std::int64_t first = 0; first < depth; first += step) {
      slices.push_back({.left = left, .first = first, .depth = std::min(step, depth - first)});
    }
  }
  return slices;
}

void fill_zero(Matrix c) {
  for (std::int64_t r = 0; r < c.rows; ++r) std::fill(c.row(r), c.row(r) + c.cols, 0.0F);
}

class Execution {
 public:
  Execution(Team& team, const Product& product)
      : team_(team),
        product_(product),
        kernels_(gemm_kernels(team.isa())),
        started_(product.results.size(), false) {
    for (const Result& result : product.results) cols_ += result.cols;
    narrow_ = cols_ <= kNarrowCols;
  }

  void run() {
    const std::vector<Slice> slices = slices_of(product_);
    std::int64_t depth = 0;
    for (const Slice& slice : slices) depth += slice.depth;
    const std::int64_t fitting =
        std::max(kLeastBlockRows, kPackedFloats / std::max<std::int64_t>(depth, 1));
    for (std::int64_t first = 0; first < product_.rows; first += fitting) {
      const std::int64_t rows = std::min(fitting, product_.rows - first);
      const std::int64_t panels = quotient_up(rows, kernels_.most_rows);
      block_ = {.first = first, .rows = rows, .height = quotient_up(rows, panels)};
      std::fill(started_.begin(), started_.end(), false);
      run_block(slices);
    }
  }

 private:
  void run_block(std::span<const Slice> slices) {
    for (std::size_t begin = 0; begin < slices.size();) {
      pass_.clear();
      std::int64_t packed = 0;
      for (; begin < slices.size(); ++begin) {
        const std::int64_t floats = block_.rows * slices[begin].depth;
        if (!narrow_ && !pass_.empty() && packed + floats > kPackedFloats) break;
        pass_.push_back(slices[begin]);
        pass_.back().offset = packed;
        packed += floats;
      }
      if (!narrow_) pack_left_factors(packed);
      compute();
    }
  }

  void pack_left_factors(std::int64_t floats) {
    packed_ = team_.reserve_shared(floats);
    team_.run(quotient_up(block_.panels(), kPackGroup), [this](std::int64_t group, int) {
      const std::int64_t end = std::min(block_.panels(), (group + 1) * kPackGroup);
      for (const Slice& slice : pass_) {
        for (std::int64_t panel = group * kPackGroup; panel < end; ++panel) {
          pack_panel(slice, panel, packed_panel(slice, panel));
        }
      }
    });
  }

  float* packed_panel(const Slice& slice, std::int64_t panel) const {
    return packed_ + slice.offset + panel * block_.height * slice.depth;
  }

  void pack_panel(const Slice& slice, std::int64_t panel, float* to) const {
    pack_left(kernels_, product_.lefts[slice.left],
              {.row = block_.first + panel * block_.height,
               .rows = block_.panel_rows(panel),
               .k_first = slice.first,
               .k = slice.depth},
              to);
  }

  std::vector<Tile> tiles() const {
    const std::int64_t wanted = team_.threads() == 1 ? 1 : team_.threads() * kTilesPerWorker;
    std::int64_t width = kTileCols;
    while (width > kLeastTileCols && cols_ / width < wanted) width /= 2;
    const std::int64_t splits =
        std::clamp<std::int64_t>(quotient_up(wanted, std::max<std::int64_t>(cols_ / width, 1)), 1,
                                 quotient_up(block_.panels(), kLeastSplitPanels));
    const std::int64_t split = quotient_up(block_.panels(), splits);
    std::vector<Tile> tiles;
    for (std::size_t result = 0; result < product_.results.size(); ++result) {
      const std::int64_t cols = product_.results[result].cols;
      for (std::int64_t n = 0; n < cols; n += width) {
        for (std::int64_t panel = 0; panel < block_.panels(); panel += split) {
          tiles.push_back({.result = result,
                           .panel_first = panel,
                           .panel_end = std::min(block_.panels(), panel + split),
                           .n_first = n,
                           .n = std::min(width, cols - n)});
        }
      }
    }
    return tiles;
  }

  // A worker's scratch: the packed tile, what packing needs, one left panel, one micro-tile.
  static constexpr std::int64_t kTileFloats = kSliceDepth * kTileCols;
  static constexpr std::int64_t kPackingFloats = 8 * kSliceDepth;
  static constexpr std::int64_t kPanelFloats = kSliceDepth * 16;

  void compute() {
    team_.reserve_per_worker(kTileFloats + kPackingFloats + kPanelFloats + kMostEdge);
    const std::vector<Tile> all = tiles();
    team_.run(static_cast<std::int64_t>(all.size()), [this, &all](std::int64_t part, int worker) {
      compute_tile(all[static_cast<std::size_t>(part)], team_.worker_scratch(worker));
    });
    for (std::size_t result = 0; result < started_.size(); ++result) {
      for (const Slice& slice : pass_)
        started_[result] = started_[result] || term_of(result, slice);
    }
  }

  const Term* term_of(std::size_t result, const Slice& slice) const {
    for (const Term& term : product_.results[result].terms) {
      if (term.left == slice.left) return &term;
    }
    return nullptr;
  }

  void compute_tile(const Tile& tile, float* scratch) const {
    bool written = started_[tile.result];
    for (const Slice& slice : pass_) {
      const Term* term = term_of(tile.result, slice);
      if (term == nullptr) continue;
      pack_right(
          kernels_, *term,
          {.tile = {.k_first = slice.first, .k = slice.depth, .n_first = tile.n_first, .n = tile.n},
           .to = scratch,
           .scratch = scratch + kTileFloats});
      const Write write = written ? Write::add : product_.results[tile.result].write;
      for (std::int64_t panel = tile.panel_first; panel < tile.panel_end; ++panel) {
        multiply_panel(tile, slice, {panel, write}, scratch);
      }
      written = true;
    }
  }

  struct PanelStep {
    std::int64_t panel;
    Write write;
  };

  const float* following(const Tile& tile, const Slice& slice, std::int64_t panel) const {
    return narrow_ || panel + 1 == tile.panel_end ? nullptr : packed_panel(slice, panel + 1);
  }

  void multiply_panel(const Tile& tile, const Slice& slice, PanelStep step, float* scratch) const {
    float* own_panel = scratch + kTileFloats + kPackingFloats;
    if (narrow_) pack_panel(slice, step.panel, own_panel);
    const Result& result = product_.results[tile.result];
    const std::int64_t row = block_.first + step.panel * block_.height;
    const std::int64_t rows = block_.panel_rows(step.panel);
    multiply_panels(
        kernels_,
        {.left = narrow_ ? own_panel : packed_panel(slice, step.panel),
         .rows = rows,
         .k = slice.depth,
         .right = scratch,
         .cols = tile.n,
         .edge = own_panel + kPanelFloats},
        {.c = result.store == Store::straight
                  ? Matrix{result.c.row(row) + tile.n_first, rows, tile.n, result.c.stride}
                  : Matrix{result.c.row(tile.n_first) + row, tile.n, rows, result.c.stride},
         .write = step.write,
         .store = result.store});
  }

  Team& team_;
  const Product& product_;
  const GemmKernels& kernels_;
  std::int64_t cols_ = 0;
  bool narrow_ = false;
  RowBlock block_;
  std::vector<Slice> pass_;
  float* packed_ = nullptr;
  std::vector<bool> started_;
};

bool has_depth(const Product& product, const Result& result) {
  return std::any_of(result.terms.begin(), result.terms.end(),
                     [&](const Term& term) { return product.lefts[term.left].depth() > 0; });
}

}  // namespace

void execute(Team& team, const Product& product) {
  for (const Result& result : product.results) {
    if (result.write == Write::replace && !has_depth(product, result)) fill_zero(result.c);
  }
  if (has_few_rows(product)) {
    execute_few_rows(team, product);
  } else {
    Execution(team, product).run();
  }
}

}  // namespace liquid::kernels
