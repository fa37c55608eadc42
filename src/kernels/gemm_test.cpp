#include "kernels/gemm.h"

#include <cmath>

#include "kernels/test_matrices.h"
#include "kernels/weight_bits.h"

namespace liquid::kernels {
namespace {

using testing::Values;
using testing::ValuesIn;

/// A weight in one of the storage types, and the numbers it stands for.
struct Stored {
  Stored(WeightType type, std::int64_t rows, std::int64_t cols, unsigned seed)
      : values(random_floats(rows * cols, seed)) {
    const auto count = values.size();
    switch (type) {
      case WeightType::f32: view = weight_f32(values.data(), rows, cols); return;
      case WeightType::bf16:
      case WeightType::f16:
        for (float& value : values) {
          halves.push_back(type == WeightType::bf16 ? bf16_bits(value) : f16_bits(value));
          value = type == WeightType::bf16 ? bf16_value(halves.back()) : f16_value(halves.back());
        }
        view = type == WeightType::bf16 ? weight_bf16(halves.data(), rows, cols)
                                        : weight_f16(halves.data(), rows, cols);
        return;
      case WeightType::nf4:
        // One row more in front, so that the view does not begin with the first block.
        const std::size_t before = static_cast<std::size_t>(cols);
        std::mt19937 generator(seed);
        for (std::size_t i = 0; i < (count + before + 1) / 2; ++i) {
          codes.push_back(static_cast<std::uint8_t>(generator()));
        }
        scales = random_floats(static_cast<std::int64_t>((count + before) / 64 + 1), seed + 1);
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t index = i + before;
          values[i] =
              nf4_value(codes.data(), static_cast<std::int64_t>(index)) * scales[index / 64];
        }
        view = kernels::rows({.type = type,
                              .data = codes.data(),
                              .rows = rows + 1,
                              .cols = cols,
                              .stride = cols,
                              .scales = {.plain = scales.data()}},
                             1, rows);
        return;
    }
  }

  double at(std::int64_t r, std::int64_t c) const {
    return static_cast<double>(values[static_cast<std::size_t>(r * view.cols + c)]);
  }

  std::vector<float> values;
  std::vector<std::uint16_t> halves;
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;
  WeightView view;
};

struct Sizes {
  std::int64_t rows;
  std::int64_t in;
  std::int64_t out;
};

// Nothing, one, odd, whole tiles and one more, several slices of k.
constexpr Sizes kSizes[] = {{0, 5, 7},     {1, 1, 1},     {1, 300, 77}, {3, 17, 5},
                            {14, 256, 32}, {15, 64, 33},  {6, 8, 16},   {29, 257, 131},
                            {64, 70, 256}, {37, 33, 400}, {5, 0, 9},    {130, 40, 3},
                            {7, 600, 64},  {128, 128, 65}};

// Sums of `depth` products of standard normal numbers, in fp32: a few times the expected error.
void expect_close(double got, double wanted, std::int64_t depth) {
  const double tolerance =
      2e-6 * std::sqrt(static_cast<double>(depth) + 1) + 1e-6 * std::abs(wanted);
  ASSERT_NEAR(got, wanted, tolerance);
}

class Gemm : public EveryIsa {};
INSTANTIATE_TEST_SUITE_P(, Gemm, ValuesIn(isas()), isa_label);

TEST_P(Gemm, MultipliesByATransposedFactor) {
  for (const Sizes& size : kSizes) {
    const Owned a(size.rows, size.in, 1);
    const Owned b(size.out, size.in, 2);
    Owned c(size.rows, size.out, 3);
    multiply_nt(team_, a.view(), b.view(), c.view(), {.scale = 0.5F});
    for (std::int64_t r = 0; r < size.rows; ++r) {
      for (std::int64_t n = 0; n < size.out; ++n) {
        double sum = 0;
        for (std::int64_t k = 0; k < size.in; ++k) sum += double{a.at(r, k)} * double{b.at(n, k)};
        expect_close(double{c.at(r, n)}, 0.5 * sum, size.in);
      }
    }
    EXPECT_TRUE(c.gaps_untouched());
  }
}

TEST_P(Gemm, MultipliesByAStraightFactorAndAdds) {
  for (const Sizes& size : kSizes) {
    const Owned a(size.rows, size.in, 1);
    const Owned b(size.in, size.out, 2);
    Owned c(size.rows, size.out, 3);
    const Owned before = c;
    multiply_nn(team_, a.view(), b.view(), c.view(), {.scale = -2, .write = Write::add});
    for (std::int64_t r = 0; r < size.rows; ++r) {
      for (std::int64_t n = 0; n < size.out; ++n) {
        double sum = 0;
        for (std::int64_t k = 0; k < size.in; ++k) sum += double{a.at(r, k)} * double{b.at(k, n)};
        expect_close(double{c.at(r, n)}, double{before.at(r, n)} - 2 * sum, 4 * size.in);
      }
    }
    EXPECT_TRUE(c.gaps_untouched());
  }
}

TEST_P(Gemm, MultipliesATransposedFactor) {
  for (const Sizes& size : kSizes) {
    const Owned a(size.in, size.rows, 1);
    const Owned b(size.in, size.out, 2);
    for (const Write write : {Write::replace, Write::add}) {
      Owned c(size.rows, size.out, 3);
      const Owned before = c;
      multiply_tn(team_, a.view(), b.view(), c.view(), {.scale = 1, .write = write});
      for (std::int64_t r = 0; r < size.rows; ++r) {
        for (std::int64_t n = 0; n < size.out; ++n) {
          double sum = write == Write::add ? double{before.at(r, n)} : 0;
          for (std::int64_t k = 0; k < size.in; ++k) sum += double{a.at(k, r)} * double{b.at(k, n)};
          expect_close(double{c.at(r, n)}, sum, size.in);
        }
      }
      EXPECT_TRUE(c.gaps_untouched());
    }
  }
}

// Many rows by few columns are computed as the transposed product.
TEST_P(Gemm, MultipliesATransposedFactorIntoFewColumns) {
  const Owned a(300, 201, 1);
  const Owned b(300, 16, 2);
  Owned c(201, 16, 3);
  const Owned before = c;
  multiply_tn(team_, a.view(), b.view(), c.view(), {.scale = 3, .write = Write::add});
  for (std::int64_t r = 0; r < 201; ++r) {
    for (std::int64_t n = 0; n < 16; ++n) {
      double sum = 0;
      for (std::int64_t k = 0; k < 300; ++k) sum += double{a.at(k, r)} * double{b.at(k, n)};
      expect_close(double{c.at(r, n)}, double{before.at(r, n)} + 3 * sum, 9 * 300);
    }
  }
  EXPECT_TRUE(c.gaps_untouched());
}

class StoredWeight : public testing::TestWithParam<std::tuple<Isa, WeightType>> {
 protected:
  WeightType type() const { return std::get<1>(GetParam()); }
  Team team_{TeamOptions{.threads = 2, .isa = std::get<0>(GetParam())}};
};
std::string storage_label(const testing::TestParamInfo<std::tuple<Isa, WeightType>>& storage) {
  return isa_label({std::get<0>(storage.param), 0}) + weight_type_name(std::get<1>(storage.param));
}
INSTANTIATE_TEST_SUITE_P(, StoredWeight,
                         testing::Combine(ValuesIn(isas()),
                                          Values(WeightType::f32, WeightType::bf16, WeightType::f16,
                                                 WeightType::nf4)),
                         storage_label);

TEST_P(StoredWeight, ForwardOfSeveralPartsWithAdapters) {
  for (const Sizes& size : kSizes) {
    const Owned x(size.rows, size.in, 1);
    const Stored w1(type(), size.out, size.in, 2);
    const Stored w2(type(), 2 * size.out + 1, size.in, 3);
    const Owned h(size.rows, 4, 4);
    const Owned b(size.out, 4, 5);
    Owned y(size.rows, 3 * size.out + 1, 6);
    const Owned before = y;
    const ForwardPart parts[] = {{.weight = w1.view,
                                  .y = columns(y.view(), 0, size.out),
                                  .adapter = {.left = h.view(), .right = b.view(), .scale = 2}},
                                 {.weight = w2.view,
                                  .y = columns(y.view(), size.out, 2 * size.out + 1),
                                  .write = Write::add}};
    linear_forward(team_, x.view(), parts);
    for (std::int64_t t = 0; t < size.rows; ++t) {
      for (std::int64_t o = 0; o < y.cols(); ++o) {
        const bool first = o < size.out;
        double sum = first ? 0 : double{before.at(t, o)};
        for (std::int64_t i = 0; i < size.in; ++i) {
          sum += double{x.at(t, i)} * (first ? w1.at(o, i) : w2.at(o - size.out, i));
        }
        for (std::int64_t r = 0; first && r < 4; ++r) {
          sum += 2 * double{h.at(t, r)} * double{b.at(o, r)};
        }
        expect_close(double{y.at(t, o)}, sum, size.in + 16);
      }
    }
    EXPECT_TRUE(y.gaps_untouched());
  }
}

TEST_P(StoredWeight, BackwardSumsTheParts) {
  for (const Sizes& size : kSizes) {
    const Owned dy1(size.rows, size.out, 1);
    const Owned dy2(size.rows, size.out + 3, 2);
    const Stored w1(type(), size.out, size.in, 3);
    const Stored w2(type(), size.out + 3, size.in, 4);
    const Owned g(size.rows, 3, 5);
    const Owned a(3, size.in, 6);
    Owned dx(size.rows, size.in, 7);
    const Owned before = dx;
    const BackwardPart parts[] = {
        {.dy = dy1.view(), .weight = w1.view},
        {.dy = dy2.view(),
         .weight = w2.view,
         .adapter = {.left = g.view(), .right = a.view(), .scale = 0.25F}}};
    linear_backward(team_, parts, dx.view(), Write::add);
    for (std::int64_t t = 0; t < size.rows; ++t) {
      for (std::int64_t i = 0; i < size.in; ++i) {
        double sum = double{before.at(t, i)};
        for (std::int64_t o = 0; o < size.out; ++o) sum += double{dy1.at(t, o)} * w1.at(o, i);
        for (std::int64_t o = 0; o < size.out + 3; ++o) sum += double{dy2.at(t, o)} * w2.at(o, i);
        for (std::int64_t r = 0; r < 3; ++r) sum += 0.25 * double{g.at(t, r)} * double{a.at(r, i)};
        expect_close(double{dx.at(t, i)}, sum, 2 * size.out + 6);
      }
    }
    EXPECT_TRUE(dx.gaps_untouched());
  }
}

TEST_P(StoredWeight, ARowIsReadAsItIsStored) {
  const Stored weight(type(), 5, 131, 1);
  std::vector<float> row(131);
  read_row(weight.view, 3, row.data());
  for (std::int64_t c = 0; c < 131; ++c) {
    EXPECT_EQ(double{row[static_cast<std::size_t>(c)]}, weight.at(3, c));
  }
}

TEST_P(Gemm, GivesTheSameBitsForEveryNumberOfThreads) {
  const Owned x(101, 300, 1);
  const Stored w(WeightType::f32, 333, 300, 2);
  Owned one(101, 333, 3);
  Team alone({.threads = 1, .isa = GetParam()});
  linear_forward(alone, x.view(), std::array{ForwardPart{.weight = w.view, .y = one.view()}});
  for (const int threads : {2, 3, 5}) {
    Team team({.threads = threads, .isa = GetParam()});
    Owned many(101, 333, 3);
    linear_forward(team, x.view(), std::array{ForwardPart{.weight = w.view, .y = many.view()}});
    EXPECT_TRUE(one == many) << threads;
  }
}

// More rows and a deeper sum than the packed buffer takes: several blocks, several passes.
TEST(GemmBlocks, ALargeProductIsDoneInBlocks) {
  Team team;
  const Owned a(1100, 16500, 1);
  const Owned b(70, 16500, 2);
  Owned c(1100, 70, 3);
  multiply_nt(team, a.view(), b.view(), c.view(), {});
  for (const std::int64_t r : {0, 511, 512, 513, 1023, 1099}) {
    for (const std::int64_t n : {0, 31, 32, 69}) {
      double sum = 0;
      for (std::int64_t k = 0; k < 16500; ++k) sum += double{a.at(r, k)} * double{b.at(n, k)};
      expect_close(double{c.at(r, n)}, sum, 4 * 16500);
    }
  }
}

}  // namespace
}  // namespace liquid::kernels
